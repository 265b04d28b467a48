"""Statistics of a report by their definitions in docs/statistics.md, in plain Python, without ``reportgen``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from scipy.stats import t as student

R_MAX = 4
"""An optimizer that needs this multiple of the shortest runtime gets no points for speed."""


def area(time: float, shortest: float) -> float:
    """What a runtime adds to the speed score: (4 - r) / 3 for r times the shortest one, at least 0."""
    if math.isinf(time):
        return 0.0
    if time == shortest:
        return 1.0
    return 0.0 if shortest == 0 else max(0.0, (R_MAX - time / shortest) / (R_MAX - 1))


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    z = NormalDist().inv_cdf(0.975)
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    return (0.0 if share == 0 else centre - half), (1.0 if share == 1 else centre + half)


def quantile(values: Sequence[float], part: float) -> float:
    """A value of the sorted ``values``: the worse one of the two between which the quantile lies."""
    return sorted(values)[math.ceil(part * (len(values) - 1))]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def expanded_tail(draws: int, factor: float = 1.0) -> float:
    """The share of resamples outside each end of a percentile interval that Student's t expands."""
    return float(NormalDist().cdf(-factor * student.ppf(0.975, draws - 1)))


def end_ranges(resampled: Sequence[float], tail: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where both ends of a percentile interval of 10,000 other resamples lie, with four standard errors.

    The end is the quantile at the share ``tail``. The share of resamples below a fixed number has the variance
    tail (1 - tail) / n in either set of n resamples. So the end of the other set is between two quantiles of this one.
    """
    error = 4 * math.sqrt(tail * (1 - tail) * (1 / len(resampled) + 1 / 10_000))
    ordered, last = sorted(resampled), len(resampled) - 1
    below = [math.floor(max(tail - error, 0) * last), math.ceil((tail + error) * last)]
    return (ordered[below[0]], ordered[below[1]]), (ordered[last - below[1]], ordered[last - below[0]])
