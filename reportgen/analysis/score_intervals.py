"""Intervals of scores from 0 to 1 and of their differences, from resamples and from the spread between random draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.intervals import student_quantile, wilson_interval

PRIOR = 0.25
"""Sum of squares of one prior draw that is 0 or 1 with equal probability."""


@dataclass(frozen=True)
class Stratum:
    """The random draws of losses that have the same ones."""

    share: float
    """Their weight in the score."""
    scores: Array
    """Score of each draw, float [draws, optimizers], 0 to 1."""


@dataclass(frozen=True)
class ResampledScores:
    """The scores under other random draws, of optimizers or of one optimizer at several budgets."""

    estimate: Array
    """The scores themselves, float [optimizers]."""
    scores: Array
    """float [resamples, optimizers]"""
    freedom: int
    """Degrees of freedom: independent random draws minus one, summed over the strata."""
    strata: tuple[Stratum, ...]

    def intervals(self, level: float = 0.95) -> Array:
        """The interval of each score, float [optimizers, 2]: low, high.

        From the lower of the two low ends to the higher of the two high ends of the bootstrap interval and of
        ``score_interval``. Near 0 and 1 the first is too narrow: without any spread between the draws it is empty.
        """
        ends = np.stack([self._percentiles(self.scores, level), self._score_intervals(level)])
        return np.stack([ends[..., 0].min(axis=0), ends[..., 1].max(axis=0)], axis=1)

    def difference(self, first: int, second: int, level: float = 0.95) -> tuple[float, float]:
        """The bootstrap interval of the first score minus the second, on the same draws.

        Args:
            first: column of an optimizer.
            second: column of an optimizer.
            level: confidence of the interval.
        """
        low, high = self._percentiles(self.scores[:, [first]] - self.scores[:, [second]], level)[0]
        return float(low), float(high)

    def _percentiles(self, samples: Array, level: float) -> Array:
        """Percentiles, expanded by Student's t: Hesterberg 2015, "What Teachers Should Know About the Bootstrap".

        With 8 starts of one loss they cover 91 to 94 %, without it 89 %.
        """
        edge = NormalDist().cdf(-student_quantile(self.freedom, level))
        # Sorting rows in place of np.quantile takes a third of the time.
        ordered = np.sort(samples.T, axis=1)
        at = np.array([edge, 1 - edge]) * (ordered.shape[1] - 1)
        below = np.minimum(at.astype(int), ordered.shape[1] - 2)
        rest = ordered[:, below + 1] - ordered[:, below]
        # Sums of equal scores differ in the last digit.
        low_high: Array = (ordered[:, below] + rest * (at - below)).round(12)
        return low_high

    def _score_intervals(self, level: float) -> Array:
        return stratified_interval(self.estimate, self.strata, level)


def stratified_interval(estimate: Array, strata: Sequence[Stratum], level: float = 0.95) -> Array:
    """The interval of scores by ``score_interval``, float [columns, 2]: low, high.

    Args:
        estimate: the scores of all starts, float [columns].
        strata: the random draws; what is fixed adds to the scores, but not to their spread.
        level: confidence of the intervals.
    """
    weights = np.array([stratum.share for stratum in strata])
    random = float(weights.sum())
    mean = weights @ np.stack([stratum.scores.mean(axis=0) for stratum in strata])
    low, high = score_interval([stratum.scores for stratum in strata], weights / random, level)
    return np.stack([estimate - mean + random * low, estimate - mean + random * high], axis=1)


def score_interval(draws: list[Array], weights: Array, level: float = 0.95) -> tuple[Array, Array]:
    """The score interval of the weighted mean of several means of draws from 0 to 1; low and high, float [columns].

    A mean p of n draws from 0 to 1 has at most the variance p (1 - p) / n, that of draws that are 0 or 1. So the
    interval of Wilson 1927 for shares is valid for it. It is too wide if most draws are in between. So n is divided by
    the dispersion: the observed sum of squares over the largest possible one, with a prior draw in both. If all draws
    are 0 or 1, also if all are equal, the dispersion is 1 and the interval is Wilson's.

    Args:
        draws: float [draws, columns] for each mean.
        weights: of the means; their sum is 1.
        level: confidence of the interval.
    """
    means = np.stack([each.mean(axis=0) for each in draws])
    sizes = np.array([len(each) for each in draws])
    squares = sum(((each - mean) ** 2).sum(axis=0) for each, mean in zip(draws, means, strict=True))
    dispersion = (squares + PRIOR) / ((sizes[:, np.newaxis] * means * (1 - means)).sum(axis=0) + PRIOR)
    number = 1 / (weights**2 / sizes).sum() / dispersion
    return wilson_interval((weights @ means) * number, number, level)
