"""Exact tests of paired differences by random signs, with intervals, and the correction for several tests.

If base and head do not differ, swapping them changes the signs of a unit's differences but not how likely they are.
So all signs of whole units are equally likely (Fisher 1935, "The Design of Experiments", section 21; Pitman 1937,
"Significance Tests Which May Be Applied to Samples from Any Populations"). Nothing else is assumed.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.cells import Array

EXACT = 12
"""All signs are tried for up to this many units; for more, ``DRAWS`` random ones."""
DRAWS = 10_000
_AT_ONCE = 10_000_000
"""This many signs are held in memory."""
TIE = 1e-9
"""Sums that are equal but for rounding count as ties."""


def flipped_sums(values: Array) -> Array:
    """The sums over the units under flips of whole units, float [flips, columns]. The first row is without a flip.

    Of random signs, the observed row counts as one. This is the "+ 1" that keeps the test valid (Phipson and Smyth
    2010, "Permutation P-values Should Never Be Zero").

    Args:
        values: float [units, columns]; all columns of a unit have the same sign.
    """
    units = len(values)
    if units <= EXACT:
        return _signs((np.arange(2**units)[:, np.newaxis] >> np.arange(units)) & 1) @ values
    draws = np.random.default_rng(units)
    rows, block = [values.sum(axis=0, keepdims=True)], max(1, _AT_ONCE // units)
    for first in range(0, DRAWS, block):
        bits = draws.integers(0, 2, (min(block, DRAWS - first), units), np.int8)
        rows.append(_signs(bits) @ values)
    return np.concatenate(rows)


def _signs(bits: Array) -> Array:
    signs: Array = 1.0 - 2.0 * bits
    return signs


def lower_tails(statistics: Array) -> Array:
    """The one-sided p of every flip, float [statistics, flips]: the share of flips with a statistic of at most its own.

    The first column is the p of the observed statistics.

    Args:
        statistics: float [statistics, flips].
    """
    p = np.empty(statistics.shape)
    for place, row in enumerate(statistics):
        order = np.argsort(row)
        p[place, order] = np.searchsorted(row[order], row[order] + TIE, side="right") / len(row)
    return p


def mean_interval(values: Array, level: float) -> tuple[float, float] | None:
    """The means that the sign-flip test does not reject; None if the values are too few for the level.

    Each end has the error rate ``level``, so both together have twice that. A mean is rejected as too small if the
    test of the values minus that mean is significant. Its p is the share of subsets of the values with a mean of at
    most that one, so the ends are order statistics of these means (Hartigan 1969, "Using Subsample Values as Typical
    Values").

    Args:
        values: float [units].
        level: error rate of each end.
    """
    sums = flipped_sums(np.stack([values, np.ones(len(values))], axis=1))[1:]
    total, units = values.sum(), len(values)
    flipped = sums[:, 1] < units
    rank = int(level * (flipped.sum() + 1) + TIE)
    if not rank:
        return None
    means = np.sort((total - sums[flipped, 0]) / (units - sums[flipped, 1]))
    return float(means[rank - 1]), float(means[-rank])


def benjamini_hochberg(p: Array) -> Array:
    """Adjusted p of several tests, float [tests]: those of at most q have a false discovery rate of at most q.

    Benjamini and Hochberg 1995, "Controlling the False Discovery Rate". If no hypothesis is false, q also bounds the
    probability of any rejection.

    Args:
        p: float [tests].
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
