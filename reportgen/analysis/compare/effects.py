"""How much better each run is in head than in base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.model import MOST_LOG2


@dataclass(frozen=True)
class SideRuns:
    """Some runs of one side, in the same order as those of the other side."""

    t: Array
    """Gradient evaluations to each target, infinite without a hit, float [runs, targets], the loosest target first."""
    budget: Array
    """Gradient evaluations of a run that uses all its steps, float [runs]."""
    gap: Array
    """The final gap, float [runs]; infinite if not known."""
    lost: Array
    """Whether the run is lost: it escaped, diverged or failed, bool [runs]."""
    solved: Array
    """Whether the outcome is ``solved``, bool [runs]."""

    def at(self, rows: Array) -> SideRuns:
        """The runs in some rows, int [rows]."""
        return SideRuns(**{name: value[rows] for name, value in vars(self).items()})


def log2_ratios(base: SideRuns, head: SideRuns) -> Array:
    """log2(base's runtime / head's), float [runs, targets], positive if head is faster.

    NaN if neither hit the target, or both hit it at step 0, because the start is within it: that compares nothing.

    Ratios are lower bounds if a run did not hit the target: with all steps used, it would have needed at least its
    budget. A lost run never hits the target. Ratios are clipped at ``MOST_LOG2``.
    """
    hit = np.isfinite(base.t), np.isfinite(head.t)
    lower_bound = [
        np.where(side.lost[:, np.newaxis], np.inf, np.maximum(side.budget[:, np.newaxis], other.t))
        for side, other in ((base, head), (head, base))
    ]
    # A hit at step 0 comes after the evaluation that shows it.
    before, after = (
        np.maximum(np.where(is_hit, side.t, bound), 1.0)
        for is_hit, side, bound in zip(hit, (base, head), lower_bound, strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(np.log2(before / after), -MOST_LOG2, MOST_LOG2)
    at_start = (base.t == 0) & (head.t == 0)
    return np.where((hit[0] | hit[1]) & ~at_start, ratio, np.nan)


def gap_ratios(base: SideRuns, head: SideRuns, floor: float) -> Array:
    """log2(base's final gap / head's), float [runs], positive if head is better; NaN if both are lost.

    Args:
        base: its runs.
        head: the same runs in head.
        floor: smaller gaps count as this.
    """
    before, after = (np.maximum(np.where(side.lost, np.inf, side.gap), floor) for side in (base, head))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Array = np.clip(np.log2(before / after), -MOST_LOG2, MOST_LOG2)
    return ratio


def run_effects(base: SideRuns, head: SideRuns, floor: float) -> Array:
    """How much better each run is in head, float [runs]: the mean of ``log2_ratios`` over the targets.

    If no target compares the sides, it is the ratio of the final gaps; NaN if both are lost.

    Args:
        base: its runs.
        head: the same runs in head.
        floor: smaller gaps count as this.
    """
    ratios = log2_ratios(base, head)
    known = ~np.isnan(ratios)
    mean = np.where(known, ratios, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), mean, gap_ratios(base, head, floor))
