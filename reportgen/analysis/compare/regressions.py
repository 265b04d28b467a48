"""Which cells were solved and are not any more, beyond what last bits can do."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.effects import SideRuns, log2_ratios
from reportgen.analysis.compare.model import Thresholds


def no_longer_solved(base: SideRuns, head: SideRuns, tightest: float, asked: Thresholds) -> Array:
    """Which runs base solved and head did not, [runs].

    A near miss does not count: a run whose least gap is within the least effect of the tightest target, or one that had
    arrived so late that the steps left are fewer than the least effect and that kept up until then.
    """
    gone = base.solved & ~head.solved
    close = head.left <= asked.effect * tightest
    late = head.spent < asked.effect * base.t[:, -1]
    looser = log2_ratios(base, head)[:, :-1]
    kept_up = (np.isnan(looser) | (looser > -asked.log2)).all(axis=1)
    missed: Array = ~head.lost & (close | (late & kept_up))
    return gone & ~missed


def stopped_being_solved(solved: int, gone: int, come: int, runs: int, asked: Thresholds) -> bool:
    """Whether a cell was solved and is not: of ``runs``, ``solved`` were, ``gone`` of them are not, ``come`` now are.

    A cell is solved where most of its runs are. It has stopped where most are not any more and half of those that were
    are gone. Where some came in return, as in a cell at the edge of stability, that must not be chance: at most 1 minus
    the confidence by the one-sided sign test.
    """
    if not (2 * solved > runs >= 2 * (solved - gone + come) and 2 * (gone - come) >= solved):
        return False
    return come == 0 or _tail(gone, gone + come) <= 1 - asked.confidence


def _tail(least: int, tosses: int) -> float:
    """The probability of at least so many heads of a fair coin."""
    favourable = sum(math.comb(tosses, heads) for heads in range(least, tosses + 1))
    return float(favourable / 2**tosses)


def count_by_group(flags: Array, group: Array, groups: int) -> Array:
    """How many of each group, [groups]."""
    return np.bincount(group[flags], minlength=groups)
