"""How sure a number is: intervals for shares, medians and expected running times."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from reportgen.analysis.cells import Array, order_statistic
from reportgen.analysis.resampling import Design, resampled_places
from reportgen.analysis.runtimes import ratio_or_infinity

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1024
"""Cells at a time, to bound the memory of their resamples."""


class Intervals(NamedTuple):
    """One interval a group."""

    low: Array
    """shape [groups]"""
    high: Array
    """shape [groups]"""
    known: Array
    """shape [groups], bool: where False there is no interval, and ``low`` and ``high`` are the statistic itself."""


def wilson_interval(successes: Array | float, runs: Array | float, level: float = 0.95) -> tuple[Array, Array]:
    """The score interval of a share, from ``successes`` of ``runs`` independent draws; (0, 1) where there are none.

    Wilson 1927, Probable inference, the law of succession, and statistical inference. Unlike the textbook interval it
    stays within [0, 1], and is not empty where all or none succeeded.
    """
    successes, runs = np.asarray(successes, float), np.asarray(runs, float)
    square = NormalDist().inv_cdf((1 + level) / 2) ** 2
    some = np.maximum(runs, 1e-300)
    p = successes / some
    centre = (successes + square / 2) / (runs + square)
    half = np.sqrt(square) / (runs + square) * np.sqrt(runs * p * (1 - p) + square / 4)
    return np.where(successes == 0, 0, centre - half), np.where(successes == runs, 1, centre + half)


def share_interval(success: Array, made: list[Design], level: float = 0.95) -> Intervals:
    """The Wilson interval of the share of runs that succeeded, for each group; ``success`` is of shape [runs].

    Only random draws are uncertain: a fixed run counts as what it was. With random starts the starts are the draws,
    whatever their number of seeds: runs from one start are too alike to count as independent, so the share of a start's
    seeds that succeeded counts as that part of one success.
    """
    result = _exactly(np.zeros(_groups(made)))
    for design in made:
        here = np.asarray(success, float)[design.rows]
        runs = here.shape[1]
        fixed, free = here[:, ~design.free].sum(axis=1), here[:, design.free]
        share = free.mean(axis=1) if design.draws else np.zeros(len(here))
        low, high = wilson_interval(share * design.draws, np.full(len(here), design.draws), level)
        part = free.shape[1] * (design.draws > 0)
        result.low[design.groups] = (fixed + low * part) / runs
        result.high[design.groups] = (fixed + high * part) / runs
        result.known[design.groups] = design.draws > 0
    return result


def bootstrap_interval(values: Array, made: list[Design], quantile: float = 0.5, level: float = 0.95) -> Intervals:
    """The bootstrap interval of the ``quantile`` of each group; ``values`` [runs] may be infinite, never NaN.

    Efron 1979, Bootstrap methods: another look at the jackknife, with the ends of ``tail``. The quantile is that of
    ``cells.order_statistic``: an actual value. What is resampled is told in ``resampling.designs``; draws are seeded,
    so the same results give the same interval. From the smallest to the largest of so many draws covers the median in a
    share 1 - 2 ** (1 - draws), so with fewer than 6 the 95 % are not reached: 94 % with 5, 75 % with 3.
    """
    result = _exactly(_statistic(values, made, quantile))
    for design in made:
        if design.weights is not None:
            here = values[design.rows]
            order = np.argsort(here, axis=1, kind="stable")
            places = resampled_places(order, design.weights, quantile)
            ends = np.stack(percentile_ends(places, expanded_tail(design.draws, level)), axis=1)
            sorted_values = np.take_along_axis(here, order, axis=1)
            low, high = np.take_along_axis(sorted_values, ends, axis=1).T
            _put(result, design.groups, low, high)
    return result


def ert_interval(spent: Array, success: Array, made: list[Design], level: float = 0.95) -> Intervals:
    """The bootstrap interval of ``runtimes.ert`` for each group; ``spent`` and ``success`` are of shape [runs].

    A resample in which no run succeeds is infinite, so the upper end may be. Where no run at all succeeded there is no
    interval: resampling failures says nothing of how rare success is.
    """
    spent, success = np.asarray(spent, float), np.asarray(success, float)
    result = _exactly(np.zeros(_groups(made)))
    for design, part in _blocks(made):
        rows, groups = design.rows[part], design.groups[part]
        result.low[groups] = result.high[groups] = ratio_or_infinity(spent[rows].sum(axis=1), success[rows].sum(axis=1))
        if design.weights is not None:
            some = success[rows].any(axis=1)
            weights = design.weights.astype(float)
            resampled = ratio_or_infinity(spent[rows[some]] @ weights, success[rows[some]] @ weights)
            _put(result, groups[some], *percentile_ends(resampled, expanded_tail(design.draws, level)))
    return result


def expanded_tail(draws: int, level: float = 0.95) -> float:
    """The share of resamples to leave out at each end, from 2 or more ``draws``: below (1 - level) / 2.

    Percentile intervals of few draws are too narrow, since a sample varies less than what it is from. This is the
    expanded percentile interval of Hesterberg 2015, What teachers should know about the bootstrap.
    """
    t = student_quantile(draws - 1, level)
    return NormalDist().cdf(-np.sqrt(draws / (draws - 1)) * t)


def student_quantile(free: int, level: float = 0.95) -> float:
    """The quantile of Student's t with ``free`` degrees of freedom that both tails of 1 - ``level`` begin at.

    Abramowitz and Stegun 1964, 26.7.5: to 1 % from 3 degrees on, and too small for fewer, which matters to nobody who
    goes on to cut a thousand resamples at its normal probability.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return t + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)


def percentile_ends(resampled: Array, left_out: float) -> tuple[Array, Array]:
    """What remains of each row of [groups, resamples] when the share ``left_out`` is cut off at both ends.

    Both ends are actual values, and rather one too wide than too narrow.
    """
    last = resampled.shape[1] - 1
    at = [int(np.floor(left_out * last)), int(np.ceil((1 - left_out) * last))]
    # Small integers are sorted by counting, which is many times faster than to partition them.
    kind: Literal["stable", "quicksort"] = "stable" if resampled.dtype.itemsize <= 2 else "quicksort"
    low, high = np.sort(resampled, axis=1, kind=kind)[:, at].T
    return low, high


def _statistic(values: Array, made: list[Design], quantile: float) -> Array:
    found = np.empty(_groups(made))
    for design in made:
        cells, runs = design.rows.shape
        group = np.repeat(np.arange(cells), runs)
        found[design.groups] = order_statistic(values[design.rows].ravel(), group, cells, quantile)
    return found


def _blocks(made: list[Design]) -> Iterator[tuple[Design, slice]]:
    for design in made:
        for begin in range(0, len(design.groups), _BLOCK):
            yield design, slice(begin, begin + _BLOCK)


def _groups(made: list[Design]) -> int:
    return sum(len(design.groups) for design in made)


def _exactly(statistic: Array) -> Intervals:
    return Intervals(statistic.copy(), statistic.copy(), np.zeros(len(statistic), bool))


def _put(result: Intervals, groups: Array, low: Array, high: Array) -> None:
    result.low[groups], result.high[groups], result.known[groups] = low, high, True
