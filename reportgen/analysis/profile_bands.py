"""Confidence bands of the runtime profile, from the resamples of the ranking."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.cross_fitting import ORIGINAL, CrossFit
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.score_intervals import ResampledScores
from reportgen.analysis.trials import Trials

MOST_BUDGETS = 64
"""A band is constant between this many budgets."""
_BLOCK = 2_000_000
"""Numbers of one block of resamples."""


@dataclass(frozen=True)
class ProfileBands:
    """Pointwise 95 % bands of some optimizers."""

    names: tuple[str, ...]
    budgets: Array
    """Gradient evaluations, ascending from 0 to the right end of the profile, float [budgets]."""
    low: Array
    """From each budget to the next, the last one at the last budget, float [budgets, optimizers], 0 to 1."""
    high: Array
    """The same."""


def profile_bands(board: Leaderboard, names: Sequence[str], budget: float) -> ProfileBands | None:
    """The bands of ``names``; None if too little varies.

    In each resample of the ranking, the starts choose the learning rates again, and the profile is computed with the
    resampled weights. The band at a budget is ``ResampledScores.intervals`` of these shares, as for hit rates: at the
    last budget it is the interval of the hit rate. From one budget to the next, the band spans all bands between them,
    and where an end would fall, it is widened so that it does not. So it contains the pointwise band everywhere.

    Args:
        board: the leaderboard.
        names: some of its optimizers.
        budget: the right end of the profile, in gradient evaluations.
    """
    if not board.has_intervals:
        return None
    columns = [board.names.index(name) for name in names]
    budgets = band_budgets([times for fit in board.fits for times in _times(fit, columns)], budget)
    low, high = zip(*(_band(board, column, budgets) for column in columns), strict=True)
    return ProfileBands(tuple(names), budgets, np.stack(low, axis=1), np.stack(high, axis=1))


def band_budgets(times: Sequence[Array], budget: float) -> Array:
    """At most ``MOST_BUDGETS`` budgets from 0 to ``budget``: all ``times``, or with too many a geometric sequence."""
    inner = np.unique(np.concatenate([np.ravel(each) for each in times]))
    inner = inner[(inner > 0) & (inner < budget)]
    if len(inner) > MOST_BUDGETS - 2:
        inner = np.geomspace(inner[0], inner[-1], MOST_BUDGETS - 2)
    return np.concatenate([[0.0], inner, [budget]])


def _times(fit: CrossFit, columns: Sequence[int]) -> Iterator[Array]:
    """Gradient evaluations of some optimizers at the learning rates that any resample chooses."""
    for column in columns:
        yield fit.trials.times[column][np.unique(fit.choices[column])]


def _band(board: Leaderboard, column: int, budgets: Array) -> tuple[Array, Array]:
    """Low and high ends of the band of one optimizer from each budget to the next, float [budgets]."""
    # Resamples last: sums and sorting are then fast.
    means = np.zeros((2 * len(budgets), len(board.fits[0].drawn.of_each)))
    original, part = np.zeros(len(means)), np.empty_like(means)
    for fit in board.fits:
        shares = _resampled_shares(fit, column, budgets)
        means += np.take(shares, fit.drawn.of_each, axis=1, out=part, mode="clip")
        original += shares[:, ORIGINAL]
    means /= len(board.fits)
    original /= len(board.fits)
    low, high = np.split(_intervals(board, column, budgets, original, means), 2)
    return np.minimum.accumulate(low[::-1, 0])[::-1], np.maximum.accumulate(high[:, 1])


def _intervals(board: Leaderboard, column: int, budgets: Array, original: Array, means: Array) -> Array:
    """The interval of each share, float [2 x budgets, 2].

    Args:
        board: the leaderboard.
        column: the optimizer.
        budgets: float [budgets].
        original: the shares, as in ``_resampled_shares``, float [2 x budgets].
        means: the shares in each resample, float [2 x budgets, resamples].
    """
    # Less than the next budget is at most the largest number below it.
    bounds = np.concatenate([budgets, np.nextafter(budgets[1:], 0), [np.finfo(float).max]])
    blocks = -(-len(bounds) * len(board.loss) // _BLOCK)
    found = []
    for here in np.array_split(np.arange(len(bounds)), blocks):
        strata = board.strata(partial(_is_solved, column=column, bounds=bounds[here]))
        found.append(ResampledScores(original[here], means[here].T, board.freedom, strata).intervals())
    ends, shares = np.concatenate(found), original.round(12)
    # Ends that are the share itself can differ from it in the last digit.
    return np.stack([np.minimum(ends[:, 0], shares), np.maximum(ends[:, 1], shares)], axis=1)


def _is_solved(t: Array, column: int, bounds: Array) -> Array:
    """1 where ``t`` [problems, optimizers] is at most each bound, else 0, float [problems, bounds]."""
    solved: Array = (t[:, [column]] <= bounds).astype(float)
    return solved


def _resampled_shares(fit: CrossFit, column: int, budgets: Array) -> Array:
    """Shares of problems solved in each resample, float [2 x budgets, distinct resamples], the first of the original.

    First the shares at each budget, then those just before the next budget, finally that of all solved problems.
    """
    each, choices, weights = fit.trials, fit.choices[column], fit.drawn.weights
    used, rate = np.unique(choices, return_inverse=True)
    rate = rate.reshape(choices.shape)
    solved = _solved_by_unit(each, each.times[column][used], budgets)
    size, random = np.bincount(each.unit, minlength=each.units), each.random_units
    share = np.empty((2 * len(budgets), len(weights)))
    rows = max(1, _BLOCK // (each.units * len(used)))
    for begin in range(0, len(weights), rows):
        here = slice(begin, begin + rows)
        share[:, here] = _sums(rate[here, random:], weights[here, random:], solved[random:])
        if random:
            drawn = _sums(rate[here, :random], weights[here, :random], solved[:random])
            drawn *= size[:random].sum() / (weights[here, :random] @ size[:random])
            share[:, here] += drawn
    share /= size.sum()
    return share


def _sums(rate: Array, weights: Array, solved: Array) -> Array:
    """Weighted sums over units, each at its learning rate, float [columns, resamples]; exact, as all numbers are whole.

    Args:
        rate: place of the learning rate, int [resamples, units].
        weights: whole numbers, float [resamples, units].
        solved: whole numbers, float [units, rates, columns].
    """
    spread = np.zeros((*rate.shape, solved.shape[1]))
    np.put_along_axis(spread, rate[..., np.newaxis], weights[..., np.newaxis], axis=2)
    # Not a matrix product: its threads cost more than they save.
    sums: Array = np.einsum("uk,pu->kp", solved.reshape(-1, solved.shape[2]), spread.reshape(len(rate), -1))
    return sums


def _solved_by_unit(each: Trials, times: Array, budgets: Array) -> Array:
    """How many problems of each unit were solved by each budget and before the next, float [units, rates, 2 x budgets].

    Args:
        each: the trials.
        times: gradient evaluations, float [rates, problems].
        budgets: float [budgets].
    """
    bounds = ((budgets, "left"), (np.append(budgets[1:], np.inf), "right"))
    return np.concatenate([_cumulative(each, times, *bound) for bound in bounds], axis=2)


def _cumulative(each: Trials, times: Array, bounds: Array, side: Literal["left", "right"]) -> Array:
    shape = (each.units, len(times), len(bounds) + 1)
    first = np.searchsorted(bounds, times, side)
    place = np.ravel_multi_index((each.unit, np.arange(len(times))[:, np.newaxis], first), shape)
    counts = np.bincount(place.ravel(), minlength=math.prod(shape)).reshape(shape)
    solved: Array = np.cumsum(counts, axis=2, dtype=float)[..., :-1]
    return solved
