"""How much faster head is than base: the ratio of each run, and its median over the random starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.model import MOST_LOG2, Measure
from reportgen.analysis.paired_tests import paired_ratios


@dataclass(frozen=True)
class SideRuns:
    """Some runs of one side, in the same order as those of the other side."""

    t: Array
    """Gradient evaluations to each target, infinite without a hit, float [runs, targets], the loosest target first."""
    budget: Array
    """Gradient evaluations of a run that uses all its steps, float [runs]."""
    relative_gap: Array
    """The smallest gap of each run divided by its initial gap, float [runs]; NaN if not known."""
    gap: Array
    """The final gap, infinite if the run diverged or failed, float [runs]."""
    lost: Array
    """Whether the run diverged or failed, bool [runs]."""
    solved: Array
    """Whether the outcome is ``solved``, bool [runs]."""

    def at(self, rows: Array) -> SideRuns:
        """The runs in some rows, int [rows]."""
        return SideRuns(**{name: value[rows] for name, value in vars(self).items()})


@dataclass(frozen=True)
class RandomUnits:
    """The random draw that each run belongs to: its start, or its seed if no two starts are random."""

    number: Array
    """Number of the draw, int [runs]."""
    drawn: Array
    """Whether it was random, bool [runs]."""

    def at(self, rows: Array) -> RandomUnits:
        """The draws of the runs in some rows, int [rows]."""
        return RandomUnits(self.number[rows], self.drawn[rows])


def log2_ratios(base: SideRuns, head: SideRuns) -> Array:
    """log2(base's runtime / head's), float [runs, targets], positive if head is faster; NaN if neither hit the target.

    Ratios are lower bounds if a run did not hit the target: with all steps used, it would have needed at least its
    budget. A run that diverged or failed never hits the target. Ratios are clipped at ``MOST_LOG2``.
    """
    hit = np.isfinite(base.t), np.isfinite(head.t)
    lower_bound = [
        np.where(side.lost[:, np.newaxis], np.inf, np.maximum(side.budget[:, np.newaxis], other.t))
        for side, other in ((base, head), (head, base))
    ]
    # A start at the minimum hits the target at step 0, after the evaluation that shows it.
    before, after = (
        np.maximum(np.where(is_hit, side.t, bound), 1.0)
        for is_hit, side, bound in zip(hit, (base, head), lower_bound, strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(np.log2(before / after), -MOST_LOG2, MOST_LOG2)
    return np.where(hit[0] | hit[1], ratio, np.nan)


def gap_ratios(base: SideRuns, head: SideRuns, floor: Array) -> Array:
    """log2(base's final gap / head's), float [runs], positive if head is better; NaN if both diverged or failed.

    Args:
        base: its runs.
        head: the same runs in head.
        floor: smaller gaps count as this, float [runs].
    """
    before, after = (np.maximum(np.where(side.lost, np.inf, side.gap), floor) for side in (base, head))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Array = np.clip(np.log2(before / after), -MOST_LOG2, MOST_LOG2)
    return ratio


def paired_measure(ratios: Array, units: RandomUnits, noun: str, level: float) -> Measure | None:
    """The measure of ``ratios``, each random draw counting once with the mean of its ratios; None without a ratio.

    The median and its interval are those of ``paired_tests.paired_ratios``. Fixed starts are no sample: they count only
    if nothing is random, and then there is no interval.

    Args:
        ratios: float [runs] or [runs, targets]; NaN if there is no ratio.
        units: the random draws of the runs.
        noun: what is measured.
        level: confidence of the interval.
    """
    for drawn in (True, False):
        rows = units.drawn == drawn
        means = _unit_means(ratios.reshape(len(ratios), -1)[rows], units.number[rows])
        if len(means):
            paired = paired_ratios(means, level)
            return Measure(paired.log2_ratio, paired.interval if drawn else None, len(means) if drawn else 0, noun)
    return None


def _unit_means(ratios: Array, number: Array) -> Array:
    """The mean of each draw's ratios that are not NaN, float [draws that have any]."""
    known = ~np.isnan(ratios)
    _, unit = np.unique(number, return_inverse=True)
    total = np.bincount(unit, np.where(known, ratios, 0.0).sum(axis=1))
    size = np.bincount(unit, known.sum(axis=1))
    means: Array = total[size > 0] / size[size > 0]
    return means
