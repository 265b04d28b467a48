"""Scores of optimizers, with learning rates chosen on other starts than those that they are judged on.

Each start is judged at the learning rate that the other starts choose (cross-fitting: Stone 1974, "Cross-validatory
choice and assessment of statistical predictions", JRSS B 36). In each bootstrap resample of the random starts the
choice is made again: a start is judged at the rate that the other starts of the resample choose, without all its own
copies. Otherwise a start that is drawn twice would choose for itself (Efron and Tibshirani 1997, "Improvements on
cross-validation: the .632+ bootstrap method", JASA 92).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.rate_rule import places_without_each
from reportgen.analysis.scores import profile_areas
from reportgen.analysis.trials import Trials, chosen_times

RESAMPLES = 10_000
SEED = 0
ORIGINAL = 0
"""The place of the original starts among the distinct resamples."""
LEAST_FREEDOM = 5
"""The fewest degrees of freedom for an interval: the number of independent random draws minus one."""


@dataclass(frozen=True)
class Resamples:
    """Resamples of the units of one loss; equal ones are listed once."""

    weights: Array
    """How often each unit counts, float [distinct, units]. The first are the original units: all ones."""
    of_each: Array
    """The place in ``weights`` of each resample, int [resamples]."""


def resamples(random_units: int, units: int, stream: int, number: int = RESAMPLES) -> Resamples:
    """Resamples of the random units; fixed ones count once in each.

    Of n random units, n - 1 are drawn with replacement, which makes the variance of a mean right for small n too (Rao
    and Wu 1988, "Resampling Inference with Complex Survey Data", JASA 83).

    Args:
        random_units: the first of the units: 0, or 2 and more.
        units: number of all units.
        stream: of the random numbers. The same number gives the same resamples.
        number: how many are drawn.
    """
    counts = np.zeros((number, random_units), np.uint8)
    if random_units:
        rng = np.random.default_rng([SEED, stream])
        drawn = rng.integers(random_units, size=(number, random_units - 1), dtype=np.uint8)
        for column in drawn.T:
            counts[np.arange(number), column] += 1
    distinct, of_each = _unique_rows(counts)
    weights = np.ones((len(distinct) + 1, units))
    weights[1:, :random_units] = distinct
    return Resamples(weights, of_each + 1)


def all_resamples(losses: Iterable[Trials], number: int = RESAMPLES) -> dict[str, Resamples]:
    """The resamples of each loss by label. Losses of one cluster have the same draws, all others independent ones."""
    streams: dict[str, int] = {}
    return {
        each.loss: resamples(each.random_units, each.units, streams.setdefault(each.cluster, len(streams)), number)
        for each in losses
    }


@dataclass(frozen=True)
class CrossFit:
    """The cross-fitted scores of some optimizers on one loss."""

    trials: Trials
    choices: Array
    """Place of the learning rate that each unit is judged at, int [optimizers, distinct resamples, units]."""
    drawn: Resamples

    @property
    def times(self) -> Array:
        """Gradient evaluations at the cross-fitted learning rates, float [problems, optimizers]."""
        return chosen_times(self.trials, list(self.choices[:, ORIGINAL]))

    def hit_rates(self) -> Array:
        """Hit rates, the first of the original starts, float [distinct resamples, optimizers]."""
        each, units = self.trials, np.arange(self.trials.units)
        pairs = zip(hits_by_unit(each), self.choices, strict=True)
        return np.stack([_mean(hits[places, units], each, self.drawn.weights) for hits, places in pairs], axis=1)

    def speeds(self) -> Array:
        """Speed scores, the first of the original starts, float [distinct resamples, optimizers]."""
        each, weights = self.trials, self.drawn.weights
        areas = np.zeros((len(weights), each.units, len(each.names)))
        for unit in range(each.units):
            used = np.flatnonzero(weights[:, unit])
            distinct, place = _unique_rows(self.choices[:, used, unit].T)
            areas[used, unit] = _unit_areas(each, unit, distinct)[place]
        return np.stack([_mean(column, each, weights) for column in np.moveaxis(areas, 2, 0)], axis=1)


def cross_fit(each: Trials, drawn: Resamples) -> CrossFit:
    """The learning rates that the starts of ``each`` are judged at, in each resample."""
    choices = np.stack([places_without_each(rule, drawn.weights).astype(np.int16) for rule in each.rule])
    return CrossFit(each, choices, drawn)


def hits_by_unit(each: Trials) -> list[Array]:
    """The number of problems of each unit that each optimizer hit at each learning rate, float [rates, units]."""
    order = np.argsort(each.unit, kind="stable")
    begin = np.searchsorted(each.unit[order], np.arange(each.units))
    return [np.add.reduceat(np.isfinite(times[:, order]), begin, axis=1, dtype=float) for times in each.times]


def _unit_areas(each: Trials, unit: int, places: Array) -> Array:
    """Sums of the areas under the profile over the problems of a unit, float [sets, optimizers].

    Args:
        each: the trials.
        unit: the unit.
        places: sets of learning rates, int [sets, optimizers].
    """
    here = np.flatnonzero(each.unit == unit)
    times = [times[:, here][place] for times, place in zip(each.times, places.T, strict=True)]
    t = np.stack(times, axis=-1)
    sums: Array = profile_areas(t.reshape(-1, len(times))).reshape(t.shape).sum(axis=1)
    return sums


def _mean(sums: Array, each: Trials, weights: Array) -> Array:
    """The mean over the problems in each resample, float [resamples]; random and fixed units keep their shares.

    Args:
        sums: over the problems of each unit, float [resamples, units].
        each: the trials.
        weights: how often each unit counts, float [resamples, units].
    """
    size, random = np.bincount(each.unit, minlength=each.units), each.random_units
    mean: Array = sums[:, random:].sum(axis=1) / size.sum()
    if random:
        drawn = (weights[:, :random] * sums[:, :random]).sum(axis=1) / (weights[:, :random] @ size[:random])
        mean = mean + drawn * size[:random].sum() / size.sum()
    return mean


def _unique_rows(rows: Array) -> tuple[Array, Array]:
    """The distinct rows, and the place among them of each row."""
    rows = np.ascontiguousarray(rows)
    if not rows.shape[1]:
        return rows[:1], np.zeros(len(rows), int)
    as_bytes = rows.view(f"V{rows.dtype.itemsize * rows.shape[1]}").ravel()
    _, first, place = np.unique(as_bytes, return_index=True, return_inverse=True)
    return rows[first], place
