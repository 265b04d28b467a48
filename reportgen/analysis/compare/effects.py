"""How much sooner head arrives than base, run by run, and what the random starts say of it together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.model import MOST, View
from reportgen.analysis.paired_tests import paired_ratios


@dataclass(frozen=True)
class SideRuns:
    """Some runs of one side, in the order of their counterparts."""

    t: Array
    """Gradient evaluations to each target, infinite where it was not reached, [runs, targets], loosest first."""
    spent: Array
    """Those of a run that uses up its steps, [runs]."""
    left: Array
    """The least gap of each run over the gap at its start, [runs]; NaN where there is none."""
    gap: Array
    """The final gap, infinite where the run was lost, [runs]."""
    lost: Array
    """Whether it diverged or failed, [runs]."""
    solved: Array
    """Whether the outcome is ``solved``, [runs]."""

    def at(self, rows: Array) -> SideRuns:
        """Some of them."""
        return SideRuns(**{name: value[rows] for name, value in vars(self).items()})


@dataclass(frozen=True)
class RandomUnits:
    """What was drawn at random for each run: its start, or its seed where no two starts are."""

    number: Array
    """[runs]"""
    drawn: Array
    """Whether that was random, bool [runs]."""

    def at(self, rows: Array) -> RandomUnits:
        """Those of some runs."""
        return RandomUnits(self.number[rows], self.drawn[rows])


def log2_ratios(base: SideRuns, head: SideRuns) -> Array:
    """log2 of base's runtime over head's, [runs, targets], positive where head is sooner; NaN where neither arrived.

    Nothing is taken for larger than it is known to be. A run that used up its steps would have taken at least these, so
    the ratio to it is that lower bound; a run that was lost never arrives. All is cut at ``MOST``.
    """
    arrived = np.isfinite(base.t), np.isfinite(head.t)
    bound = [
        np.where(side.lost[:, np.newaxis], np.inf, np.maximum(side.spent[:, np.newaxis], other.t))
        for side, other in ((base, head), (head, base))
    ]
    # A start on the minimum has arrived at step 0: one evaluation shows it.
    was, now = (
        np.maximum(np.where(there, side.t, least), 1.0)
        for there, side, least in zip(arrived, (base, head), bound, strict=True)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(np.log2(was / now), -MOST, MOST)
    return np.where(arrived[0] | arrived[1], ratio, np.nan)


def gap_ratios(base: SideRuns, head: SideRuns, floor: Array) -> Array:
    """log2 of base's final gap over head's, [runs]; gaps below ``floor`` [runs] count as that. NaN: both were lost."""
    was, now = (np.maximum(np.where(side.lost, np.inf, side.gap), floor) for side in (base, head))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Array = np.clip(np.log2(was / now), -MOST, MOST)
    return ratio


def paired_view(ratios: Array, units: RandomUnits, noun: str, level: float) -> View | None:
    """What ``ratios`` [runs, anything] say, one number a unit: the mean of those there are; None where there are none.

    The median and its interval are those of the random units, by the sign test (``paired.paired_ratios``). What is
    fixed is no sample: it is looked at only where nothing is random, and then there is no interval.
    """
    for drawn in (True, False):
        here = units.drawn == drawn
        means = _unit_means(ratios.reshape(len(ratios), -1)[here], units.number[here])
        if len(means):
            found = paired_ratios(means, level)
            return View(found.log2_ratio, found.interval if drawn else None, len(means) if drawn else 0, noun)
    return None


def _unit_means(ratios: Array, number: Array) -> Array:
    """The mean of each unit's ratios that are numbers, [units that have any]."""
    known = ~np.isnan(ratios)
    _, of = np.unique(number, return_inverse=True)
    total = np.bincount(of, np.where(known, ratios, 0.0).sum(axis=1))
    size = np.bincount(of, known.sum(axis=1))
    means: Array = total[size > 0] / size[size > 0]
    return means
