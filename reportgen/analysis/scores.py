"""One number an optimizer over many problems: area under the performance profile, mean rank, and how sure it is.

A problem is a (loss, start, seed, target). Each takes an array ``t`` [problems, solvers] of runtimes, in steps or in
gradient evaluations, infinite where a target was not reached. Every ratio is to the best of the solvers in the columns,
so all of it depends on who takes part: without the leader, two followers may change places (Gould and Scott 2016, "A
note on performance profiles for benchmarking software", ACM TOMS 43). To leave a solver out, leave out its column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.intervals import student_quantile

R_MAX = 4.0
"""Slower than this many times the best counts as not solved (Dahl et al. 2023)."""
LEAST_FREEDOM = 5
"""With fewer independent random starts than one more than this there is no interval."""
DECIMALS = 12
"""Scores of order one that agree so far are equal: they differ by the order of a sum and not by what was measured."""


def profile_areas(t: Array, r_max: float = R_MAX) -> Array:
    """What each problem adds to each solver's area under its performance profile: [problems, solvers], from 0 to 1.

    With r the runtime over the best of all solvers, 1 for the best, falling linearly to 0 at ``r_max``; 0 for whoever
    did not solve it, and for all where nobody did. Raises ValueError for an empty ``t`` and for negative or missing
    runtimes. A runtime of 0 is infinitely better than any other.
    """
    t = np.asarray(t, float)
    if t.ndim != 2 or t.size == 0 or not (t >= 0).all():
        raise ValueError(
            "t needs a row a problem and a column a solver, each runtime 0 or more, infinite if not solved"
        )
    best = t.min(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.isinf(t), np.inf, np.where(t == best, 1.0, t / best))
    area: Array = np.clip((r_max - ratio) / (r_max - 1), 0.0, 1.0)
    return area


def loss_weights(loss: Array) -> Array:
    """The weight of each problem, [problems], with which every loss counts the same; the sum is 1."""
    _, code, size = np.unique(np.asarray(loss).astype(str), return_inverse=True, return_counts=True)
    weights: Array = 1 / (size[code] * len(size))
    return weights


def profile_score(t: Array, r_max: float = R_MAX, weights: Array | None = None) -> Array:
    """The normalised area under each solver's performance profile from ratio 1 to ``r_max``: [solvers], from 0 to 1.

    The AlgoPerf score (Dahl et al. 2023, "Benchmarking Neural Network Training Algorithms", its section on scoring),
    of the profile of Dolan and Moré 2002. It is computed exactly: the area under a step function is the mean of
    ``profile_areas``. ``weights`` [problems], by default all equal, are usually those of ``loss_weights``.
    """
    score: Array = np.average(profile_areas(t, r_max), axis=0, weights=weights)
    return score


def loss_scores(t: Array, loss: Array, r_max: float = R_MAX) -> Array:
    """The same for each loss by itself: [losses, solvers], in the sorted order of the labels ``loss`` [problems].

    Their mean over the losses is ``profile_score`` with ``loss_weights``. One number a loss and solver is what ranks
    and tests over losses need.
    """
    labels, code = np.unique(np.asarray(loss).astype(str), return_inverse=True)
    areas = profile_areas(t, r_max)
    return np.stack([areas[code == place].mean(axis=0) for place in range(len(labels))])


def average_ranks(values: Array) -> Array:
    """The rank of each value, [values], 1 for the smallest; equal ones share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def score_ranks(scores: Array) -> Array:
    """The rank of each solver on each loss, [losses, solvers]: 1 for the largest score; equal ones share their mean.

    Raises ValueError for a score that is not a number or where there is none.
    """
    scores = np.round(np.asarray(scores, float), DECIMALS)
    if scores.ndim != 2 or scores.size == 0 or np.isnan(scores).any():
        raise ValueError("scores need a row a loss and a column a solver, and no missing number")
    return np.stack([average_ranks(-row) for row in scores])


def mean_ranks(scores: Array) -> Array:
    """The mean over the losses of each solver's rank, [solvers]; from ``scores`` [losses, solvers], larger is better.

    As in Demšar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, section 3.2.2.
    """
    ranks: Array = score_ranks(scores).mean(axis=0)
    return ranks


@dataclass(frozen=True)
class ResampledScores:
    """The scores, had other starts been drawn."""

    scores: Array
    """[resamples, solvers]"""
    freedom: int
    """Independent random starts less one, summed over the clusters that have two or more."""

    def intervals(self, level: float = 0.95) -> Array:
        """The interval of each solver's score: [solvers, 2]."""
        return self._percentiles(self.scores, level)

    def difference(self, first: int, second: int, level: float = 0.95) -> tuple[float, float]:
        """The interval of how much larger the first solver's score is than the second's, on the same starts."""
        low, high = self._percentiles(self.scores[:, first] - self.scores[:, second], level)
        return float(low), float(high)

    def _percentiles(self, samples: Array, level: float) -> Array:
        """Expanded as Student's t is wider than the normal: 8 starts of one loss then cover 91 to 94 %, not 89."""
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
    """``profile_score`` with equal losses under the bootstrap over random starts; None where too little varies.

    ``loss``, ``start`` and ``random`` are those of each problem, [problems]. Starts that were drawn are drawn anew
    within each loss, each with all its targets and seeds and the same for all solvers; the others stay, and so does a
    loss with fewer than two random starts. Where starts are fixed and seeds are random, pass the seeds as ``start``.
    Losses of one ``cluster`` [problems], by default each its own, have the same starts: these are drawn once for all.
    There is nothing with fewer than ``LEAST_FREEDOM`` + 1 independent starts: in simulations of a single loss 2, 3, 4
    and 5 of them would tell two equal optimizers apart in 51, 25, 14 and 8 % of cases at a nominal 5 %.

    Of n random starts n - 1 are drawn with replacement, which makes the variance right also for few of them (Rao and
    Wu 1988, "Resampling Inference with Complex Survey Data", JASA 83); the percentiles are expanded by Student's t
    (Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician 69). So intervals
    answer for other starts on these losses at these rates, and not for other losses.
    """
    areas = profile_areas(t, r_max)
    start, random = np.asarray(start), np.asarray(random, bool)
    labels, code = np.unique(np.asarray(loss).astype(str), return_inverse=True)
    of = code if cluster is None else np.unique(np.asarray(cluster).astype(str), return_inverse=True)[1]
    units = [len(np.unique(start[random & (of == one)])) for one in np.unique(of)]
    freedom = sum(max(drawn - 1, 0) for drawn in units)
    if freedom < LEAST_FREEDOM:
        return None
    scores = [
        _resampled_loss(areas[here], start[here], random[here], resamples, np.random.default_rng([seed, of[here][0]]))
        for here in (code == place for place in range(len(labels)))
    ]
    return ResampledScores(np.mean(scores, axis=0), freedom)


def _resampled_loss(areas: Array, start: Array, random: Array, resamples: int, rng: np.random.Generator) -> Array:
    """The mean area on one loss, [resamples, solvers]: the same for all where fewer than two starts vary."""
    starts, of = np.unique(start[random], return_inverse=True)
    if len(starts) < 2:
        return np.broadcast_to(areas.mean(axis=0), (resamples, areas.shape[1]))
    total = np.stack([np.bincount(of, weights=column) for column in areas[random].T] + [np.bincount(of)])
    # Not a matrix product: its threads cost more than they save, and its last digit depends on their number.
    sums = np.concatenate([np.einsum("du,su->ds", count, total) for count in _draws(len(starts), resamples, rng)])
    drawn = sums[:, :-1] / sums[:, -1:]
    mean: Array = random.mean() * drawn + areas[~random].sum(axis=0) / len(areas)
    return mean


def _draws(units: int, resamples: int, rng: np.random.Generator) -> Iterator[Array]:
    """How often each unit is drawn, [some resamples, units], in parts that fit a processor's cache."""
    part = max(1, 2**16 // units)
    for begin in range(0, resamples, part):
        rows = min(part, resamples - begin)
        drawn = rng.integers(units, size=(rows, units - 1)) + units * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units).astype(float)
