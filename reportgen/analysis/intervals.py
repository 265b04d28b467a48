"""Confidence intervals for shares, quantiles and expected running times."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reportgen.analysis.cells import Array, order_statistic
from reportgen.analysis.resampling import Design, quantile_places
from reportgen.analysis.runtimes import ratio_or_infinity

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 256
"""Configurations per block, to bound the memory of their resamples."""


class Intervals(NamedTuple):
    """One interval per group."""

    low: Array
    """float [groups]"""
    high: Array
    """float [groups]"""
    known: Array
    """bool [groups]: if False there is no interval, and ``low`` and ``high`` are the statistic itself."""


def wilson_interval(successes: Array | float, runs: Array | float, level: float = 0.95) -> tuple[Array, Array]:
    """Low and high end of the score interval of a share, float of the shape of the arguments; (0, 1) without runs.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference". Unlike the normal interval it
    stays within [0, 1], and it is not empty if all or none succeed.

    Args:
        successes: successful draws, any shape.
        runs: independent draws, same shape.
        level: confidence of the interval.
    """
    successes, runs = np.asarray(successes, float), np.asarray(runs, float)
    square = NormalDist().inv_cdf((1 + level) / 2) ** 2
    p = successes / np.maximum(runs, 1e-300)
    centre = (successes + square / 2) / (runs + square)
    half = np.sqrt(square) / (runs + square) * np.sqrt(runs * p * (1 - p) + square / 4)
    return np.where(successes == 0, 0, centre - half), np.where(successes == runs, 1, centre + half)


def share_interval(success: Array, designs: list[Design], level: float = 0.95) -> Intervals:
    """The Wilson interval of the share of successful runs in each group.

    Only random draws are uncertain; a fixed run counts as it is. With random starts each start is one draw, however
    many seeds it has, because runs from one start are too similar to be independent. Such a start counts as a success
    in part: by the share of its seeds that succeed.

    Args:
        success: whether each run succeeded, bool [runs].
        designs: the groups, see ``resampling_designs``.
        level: confidence of the intervals.
    """
    result = _without_intervals(np.zeros(_group_count(designs)))
    for design in designs:
        successes = np.asarray(success, float)[design.rows]
        runs = successes.shape[1]
        fixed, random = successes[:, ~design.is_random].sum(axis=1), successes[:, design.is_random]
        share = random.mean(axis=1) if design.draws else np.zeros(len(successes))
        low, high = wilson_interval(share * design.draws, np.full(len(successes), design.draws), level)
        random_runs = random.shape[1] * (design.draws > 0)
        result.low[design.groups] = (fixed + low * random_runs) / runs
        result.high[design.groups] = (fixed + high * random_runs) / runs
        result.known[design.groups] = design.draws > 0
    return result


def bootstrap_interval(values: Array, designs: list[Design], quantile: float = 0.5, level: float = 0.95) -> Intervals:
    """The bootstrap interval of a quantile of each group.

    Efron 1979, "Bootstrap methods: another look at the jackknife", cut at ``expanded_tail``. The quantile is an actual
    value, see ``cells.order_statistic``. ``resampling_designs`` says what is resampled. Draws are seeded, so the same
    results give the same interval.

    The range from the smallest to the largest of n draws covers the median with probability 1 - 2 ** (1 - n). So fewer
    than 6 draws cannot give 95 %: 5 give 94 %, 3 give 75 %.

    Args:
        values: float [runs]; may be infinite, never NaN.
        designs: the groups, see ``resampling_designs``.
        quantile: from 0 to 1.
        level: confidence of the intervals.
    """
    result = _without_intervals(_quantiles(values, designs, quantile))
    for design in designs:
        if design.draws:
            by_cell = values[design.rows]
            order = np.argsort(by_cell, axis=1, kind="stable")
            tail = expanded_tail(design.draws, level)
            ends = quantile_places(order, design, quantile, (tail, 1 - tail))
            sorted_values = np.take_along_axis(by_cell, order, axis=1)
            low, high = np.take_along_axis(sorted_values, ends, axis=1).T
            _set_intervals(result, design.groups, low, high)
    return result


def ert_interval(spent: Array, success: Array, designs: list[Design], level: float = 0.95) -> Intervals:
    """The bootstrap interval of ``runtimes.ert`` for each group.

    A resample without a success is infinite, so the upper end may be infinite. If no run of a group succeeds, there is
    no interval: resampling failures does not show how rare success is.

    Args:
        spent: runtime of a successful run, budget of any other, float [runs].
        success: whether each run succeeded, bool [runs].
        designs: the groups, see ``resampling_designs``.
        level: confidence of the intervals.
    """
    spent, success = np.asarray(spent, float), np.asarray(success, float)
    result = _without_intervals(np.zeros(_group_count(designs)))
    for design, block in _blocks(designs):
        rows, groups = design.rows[block], design.groups[block]
        result.low[groups] = result.high[groups] = ratio_or_infinity(spent[rows].sum(axis=1), success[rows].sum(axis=1))
        if design.draws:
            solved = success[rows].any(axis=1)
            blocks = (weights.astype(float) for weights in design.weights())
            resampled = np.hstack(
                [ratio_or_infinity(spent[rows[solved]] @ each, success[rows[solved]] @ each) for each in blocks]
            )
            _set_intervals(result, groups[solved], *percentile_ends(resampled, expanded_tail(design.draws, level)))
    return result


def expanded_tail(draws: int, level: float = 0.95) -> float:
    """The share of resamples to cut off at each end: less than (1 - level) / 2.

    Percentile intervals of few draws are too narrow, because a sample varies less than its population. This is the
    expanded percentile interval of Hesterberg 2015, "What Teachers Should Know About the Bootstrap".

    Args:
        draws: independent draws, 2 or more.
        level: confidence of the interval.
    """
    t = student_quantile(draws - 1, level)
    return NormalDist().cdf(-np.sqrt(draws / (draws - 1)) * t)


def student_quantile(freedom: int, level: float = 0.95) -> float:
    """The quantile of Student's t with ``freedom`` degrees of freedom that leaves (1 - ``level``) / 2 above it.

    Abramowitz and Stegun 1964, 26.7.5. It is accurate to 1 % from 3 degrees of freedom on. With fewer it is too small,
    which does not matter here: the result only decides where the resamples are cut.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return t + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)


def percentile_ends(resampled: Array, tail: float) -> tuple[Array, Array]:
    """Low and high end of each group's resamples without the share ``tail`` at both ends, each [groups].

    Both ends are actual values, rounded outwards.

    Args:
        resampled: float or int [groups, resamples].
        tail: the share that is cut off at each end.
    """
    last = resampled.shape[1] - 1
    places = [int(np.floor(tail * last)), int(np.ceil((1 - tail) * last))]
    low, high = np.partition(resampled, places, axis=1)[:, places].T
    return low, high


def _quantiles(values: Array, designs: list[Design], quantile: float) -> Array:
    quantiles = np.empty(_group_count(designs))
    for design in designs:
        cells, runs = design.rows.shape
        group = np.repeat(np.arange(cells), runs)
        quantiles[design.groups] = order_statistic(values[design.rows].ravel(), group, cells, quantile)
    return quantiles


def _blocks(designs: list[Design]) -> Iterator[tuple[Design, slice]]:
    for design in designs:
        for begin in range(0, len(design.groups), _BLOCK):
            yield design, slice(begin, begin + _BLOCK)


def _group_count(designs: list[Design]) -> int:
    return sum(len(design.groups) for design in designs)


def _without_intervals(statistic: Array) -> Intervals:
    return Intervals(statistic.copy(), statistic.copy(), np.zeros(len(statistic), bool))


def _set_intervals(result: Intervals, groups: Array, low: Array, high: Array) -> None:
    result.low[groups], result.high[groups], result.known[groups] = low, high, True
