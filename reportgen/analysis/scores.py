"""Scores of optimizers over many problems: the area under the performance profile, mean ranks, and their intervals.

A problem is a (loss, start, seed, target). Runtimes are an array ``t``, float [problems, solvers], in steps or gradient
evaluations, infinite if a target was not hit. All ratios are to the best solver among the columns, so scores depend on
who takes part: without the leader, two followers may change places (Gould and Scott 2016, "A note on performance
profiles for benchmarking software", ACM TOMS 43). To leave a solver out, leave out its column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.intervals import student_quantile

R_MAX = 4.0
"""A solver that takes more than this multiple of the best runtime counts as not solving the problem (Dahl et al.
2023)."""
LEAST_FREEDOM = 5
"""The fewest degrees of freedom for an interval: the number of independent random starts minus one."""
DECIMALS = 12
"""Scores of order one that agree to this many decimals are equal: they differ only by rounding errors of sums."""


def profile_areas(t: Array, r_max: float = R_MAX) -> Array:
    """What each problem adds to each solver's area under its performance profile, float [problems, solvers], 0 to 1.

    With r the runtime divided by the best one of all solvers: 1 at r = 1, falling linearly to 0 at r = ``r_max``. It is
    0 for a solver that did not solve the problem, and 0 for all if none did. A runtime of 0 is infinitely better than
    any other.

    Raises:
        ValueError: ``t`` is empty or not two-dimensional, or has a negative or missing runtime.
    """
    t = np.asarray(t, float)
    if t.ndim != 2 or t.size == 0 or not (t >= 0).all():
        raise ValueError(
            "t: expected one row per problem and one column per solver, with runtimes >= 0, infinite if not solved"
        )
    best = t.min(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.isinf(t), np.inf, np.where(t == best, 1.0, t / best))
    area: Array = np.clip((r_max - ratio) / (r_max - 1), 0.0, 1.0)
    return area


def loss_weights(loss: Array) -> Array:
    """Weights of the problems with which every loss counts the same, float [problems]; they sum to 1.

    Args:
        loss: label of each problem's loss, str [problems].
    """
    _, code, size = np.unique(np.asarray(loss).astype(str), return_inverse=True, return_counts=True)
    weights: Array = 1 / (size[code] * len(size))
    return weights


def profile_score(t: Array, r_max: float = R_MAX, weights: Array | None = None) -> Array:
    """The normalised area under each solver's performance profile from ratio 1 to ``r_max``, float [solvers], 0 to 1.

    The AlgoPerf score (Dahl et al. 2023, "Benchmarking Neural Network Training Algorithms", section on scoring) of the
    performance profile of Dolan and Moré 2002. It is exact: the area under a step function is the mean of
    ``profile_areas``.

    Args:
        t: runtimes, float [problems, solvers].
        r_max: the largest ratio that counts as solved.
        weights: float [problems], usually those of ``loss_weights``; all equal by default.

    Raises:
        ValueError: as in ``profile_areas``.
    """
    score: Array = np.average(profile_areas(t, r_max), axis=0, weights=weights)
    return score


def loss_scores(t: Array, loss: Array, r_max: float = R_MAX) -> Array:
    """The score on each loss alone, float [losses, solvers], with the labels in sorted order.

    Their mean over the losses is ``profile_score`` with ``loss_weights``. Ranks and tests over losses need one number
    per loss and solver.

    Args:
        t: runtimes, float [problems, solvers].
        loss: label of each problem's loss, str [problems].
        r_max: the largest ratio that counts as solved.

    Raises:
        ValueError: as in ``profile_areas``.
    """
    labels, code = np.unique(np.asarray(loss).astype(str), return_inverse=True)
    areas = profile_areas(t, r_max)
    return np.stack([areas[code == place].mean(axis=0) for place in range(len(labels))])


def average_ranks(values: Array) -> Array:
    """The rank of each value, float [values], 1 for the smallest; equal values share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def score_ranks(scores: Array) -> Array:
    """The rank of each solver on each loss, float [losses, solvers], 1 for the best; equal scores share their mean.

    Args:
        scores: float [losses, solvers], larger is better.

    Raises:
        ValueError: ``scores`` is empty or not two-dimensional, or has a missing number.
    """
    scores = np.round(np.asarray(scores, float), DECIMALS)
    if scores.ndim != 2 or scores.size == 0 or np.isnan(scores).any():
        raise ValueError("scores: expected one row per loss and one column per solver, without missing numbers")
    return np.stack([average_ranks(-row) for row in scores])


def mean_ranks(scores: Array) -> Array:
    """The rank of each solver averaged over the losses, float [solvers].

    As in Demšar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, section 3.2.2.

    Args:
        scores: float [losses, solvers], larger is better.

    Raises:
        ValueError: as in ``score_ranks``.
    """
    ranks: Array = score_ranks(scores).mean(axis=0)
    return ranks


@dataclass(frozen=True)
class ResampledScores:
    """The scores under other random starts."""

    scores: Array
    """float [resamples, solvers]"""
    freedom: int
    """Degrees of freedom: independent random starts minus one, summed over the clusters that have two or more."""

    def intervals(self, level: float = 0.95) -> Array:
        """The interval of each solver's score, float [solvers, 2]: low, high."""
        return self._percentiles(self.scores, level)

    def difference(self, first: int, second: int, level: float = 0.95) -> tuple[float, float]:
        """The interval of the first solver's score minus the second's, on the same starts.

        Args:
            first: column of a solver.
            second: column of a solver.
            level: confidence of the interval.
        """
        low, high = self._percentiles(self.scores[:, first] - self.scores[:, second], level)
        return float(low), float(high)

    def _percentiles(self, samples: Array, level: float) -> Array:
        """Percentiles, expanded by Student's t. With 8 starts of one loss they cover 91 to 94 %, without it 89 %."""
        edge = NormalDist().cdf(-student_quantile(self.freedom, level))
        low_high: Array = np.quantile(samples, [edge, 1 - edge], axis=0).T
        return low_high


def resampled_scores(
    t: Array,
    loss: Array,
    start: Array,
    random: Array,
    cluster: Array | None = None,
    resamples: int = 1000,
    seed: int = 0,
    r_max: float = R_MAX,
) -> ResampledScores | None:
    """``profile_score`` with equal weights of the losses, under the bootstrap over random starts.

    Random starts are resampled within each loss, each start with all its targets and seeds and the same for all
    solvers. Fixed starts stay, and so do all starts of a loss with fewer than two random ones.

    None with fewer than ``LEAST_FREEDOM`` degrees of freedom. In simulations of a single loss, 2, 3, 4 and 5
    independent starts separate two equal optimizers in 51, 25, 14 and 8 % of the cases at a nominal 5 %.

    Of n random starts, n - 1 are drawn with replacement, which makes the variance right for small n too (Rao and Wu
    1988, "Resampling Inference with Complex Survey Data", JASA 83). The percentiles are expanded by Student's t
    (Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician 69). The intervals hold
    for other starts on these losses at these learning rates, not for other losses.

    Args:
        t: runtimes, float [problems, solvers].
        loss: label of each problem's loss, str [problems].
        start: number of each problem's start, int [problems]. If starts are fixed and seeds are random, pass the seeds.
        random: whether that start was drawn at random, bool [problems].
        cluster: equal for losses with the same starts, str [problems]: these are drawn once for all of them. By default
            each loss has its own starts.
        resamples: how many resamples are drawn.
        seed: of the random numbers; the same seed gives the same scores.
        r_max: the largest ratio that counts as solved.

    Raises:
        ValueError: as in ``profile_areas``.
    """
    areas = profile_areas(t, r_max)
    start, random = np.asarray(start), np.asarray(random, bool)
    labels, code = np.unique(np.asarray(loss).astype(str), return_inverse=True)
    clusters = code if cluster is None else np.unique(np.asarray(cluster).astype(str), return_inverse=True)[1]
    starts = [len(np.unique(start[random & (clusters == each)])) for each in np.unique(clusters)]
    freedom = sum(max(drawn - 1, 0) for drawn in starts)
    if freedom < LEAST_FREEDOM:
        return None
    scores = [
        _resampled_loss(
            areas[here], start[here], random[here], resamples, np.random.default_rng([seed, clusters[here][0]])
        )
        for here in (code == place for place in range(len(labels)))
    ]
    return ResampledScores(np.mean(scores, axis=0), freedom)


def _resampled_loss(areas: Array, start: Array, random: Array, resamples: int, rng: np.random.Generator) -> Array:
    """The mean area on one loss, float [resamples, solvers]; constant if fewer than two starts vary."""
    starts, code = np.unique(start[random], return_inverse=True)
    if len(starts) < 2:
        return np.broadcast_to(areas.mean(axis=0), (resamples, areas.shape[1]))
    total = np.stack([np.bincount(code, weights=column) for column in areas[random].T] + [np.bincount(code)])
    # Not a matrix product: its threads cost more than they save, and its last digit depends on their number.
    sums = np.concatenate([np.einsum("du,su->ds", count, total) for count in _draws(len(starts), resamples, rng)])
    drawn = sums[:, :-1] / sums[:, -1:]
    mean: Array = random.mean() * drawn + areas[~random].sum(axis=0) / len(areas)
    return mean


def _draws(units: int, resamples: int, rng: np.random.Generator) -> Iterator[Array]:
    """How often each unit is drawn, float [some resamples, units], in blocks that fit into the processor's cache."""
    block = max(1, 2**16 // units)
    for begin in range(0, resamples, block):
        rows = min(block, resamples - begin)
        drawn = rng.integers(units, size=(rows, units - 1)) + units * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units).astype(float)
