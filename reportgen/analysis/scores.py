"""Scores of optimizers over many problems: the area under the performance profile and mean ranks.

A problem is a (loss, start, seed, target). Runtimes are an array ``t``, float [problems, solvers], in steps or gradient
evaluations, infinite if a target was not hit. All ratios are to the best solver among the columns, so scores depend on
who takes part: without the leader, two followers may change places (Gould and Scott 2016, "A note on performance
profiles for benchmarking software", ACM TOMS 43). To leave a solver out, leave out its column.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.cells import Array

R_MAX = 4.0
"""A solver that takes more than this multiple of the best runtime counts as not solving the problem (Dahl et al.
2023)."""
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
