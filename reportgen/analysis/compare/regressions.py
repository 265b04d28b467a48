"""Which configurations are no longer solved, beyond what rounding errors can cause."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.effects import SideRuns, log2_ratios
from reportgen.analysis.compare.model import Thresholds


def no_longer_solved(base: SideRuns, head: SideRuns, tightest: float, thresholds: Thresholds) -> Array:
    """Which runs are solved in base and not in head, bool [runs].

    Near misses do not count. A near miss comes within the minimum effect of the tightest target. Or base hit that
    target so late that the remaining steps cannot show the minimum effect, and head kept up on all looser targets.

    Args:
        base: its runs.
        head: the same runs in head.
        tightest: the tightest target, a share of the initial gap.
        thresholds: the minimum effect.
    """
    lost_solution = base.solved & ~head.solved
    is_close = head.relative_gap <= thresholds.effect * tightest
    is_late = head.budget < thresholds.effect * base.t[:, -1]
    looser_targets = log2_ratios(base, head)[:, :-1]
    kept_up = (np.isnan(looser_targets) | (looser_targets > -thresholds.log2)).all(axis=1)
    near_miss: Array = ~head.lost & (is_close | (is_late & kept_up))
    return lost_solution & ~near_miss


def stopped_being_solved(solved: int, lost: int, gained: int, runs: int, thresholds: Thresholds) -> bool:
    """Whether a configuration that was solved no longer is. It counts as solved if most of its runs are.

    At least half of the solved runs must be lost. If other runs are solved instead, as at the edge of stability, the
    change must be significant by the one-sided sign test.

    Args:
        solved: runs that were solved.
        lost: of these, the runs that no longer are.
        gained: runs that are solved only now.
        runs: all runs of the configuration.
        thresholds: the confidence.
    """
    if not (2 * solved > runs >= 2 * (solved - lost + gained) and 2 * (lost - gained) >= solved):
        return False
    return gained == 0 or _tail(lost, lost + gained) <= 1 - thresholds.confidence


def _tail(least: int, tosses: int) -> float:
    """The probability of at least ``least`` heads of a fair coin."""
    favourable = sum(math.comb(tosses, heads) for heads in range(least, tosses + 1))
    return float(favourable / 2**tosses)


def count_by_group(flags: Array, group: Array, groups: int) -> Array:
    """How many ``flags`` are set in each group, int [groups].

    Args:
        flags: bool [runs].
        group: number of each run's group, int [runs].
        groups: their number.
    """
    return np.bincount(group[flags], minlength=groups)
