"""Tests of whether optimizers differ over losses: on one number per loss and optimizer, never on seeds or starts.

``scores`` is an array, float [losses, solvers], in which larger is better. Its numbers are of order one, such as
shares, areas under a profile or logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.scores import score_ranks
from reportgen.analysis.signed_rank import signed_rank, smallest_p

LEAST_LOSSES = 8
LEAST_SOLVERS = 3
"""With fewer losses or solvers there is no Friedman test and no critical difference."""


@dataclass(frozen=True)
class Friedman:
    """The Friedman test: whether any solver differs from the others over the losses."""

    mean_ranks: tuple[float, ...]
    """Of each solver; 1 if it is the best on every loss."""
    chi_square: float
    """Friedman's statistic, corrected for ties."""
    f: float
    """Iman and Davenport's statistic; infinite if all losses agree."""
    p: float
    """The p-value of ``f``."""


def friedman(scores: Array) -> Friedman | None:
    """The Friedman test on ``scores``; None with fewer than 8 losses or 3 solvers.

    Friedman 1937, "The Use of Ranks to Avoid the Assumption of Normality", JASA 32, corrected for ties as in Conover
    1999, section 5.8. Then F = (N - 1) X / (N (k - 1) - X) with k - 1 and (k - 1)(N - 1) degrees of freedom, which is
    the analysis of variance of the ranks (Iman and Davenport 1980; Demšar 2006, section 3.2.2).

    If all solvers are equal on every loss, p is 1. It is never below (k!)**(1 - N), the share of rankings in which N
    losses agree completely.

    Args:
        scores: float [losses, solvers], larger is better.

    Raises:
        ValueError: as in ``scores.score_ranks``.
    """
    ranks = score_ranks(scores)
    losses, solvers = ranks.shape
    if losses < LEAST_LOSSES or solvers < LEAST_SOLVERS:
        return None
    from scipy import special  # type: ignore[import-untyped]

    centred = ranks - (solvers + 1) / 2
    spread = float((centred**2).sum())
    chi_square = (solvers - 1) * float((centred.sum(axis=0) ** 2).sum()) / spread if spread else 0.0
    residual = losses * (solvers - 1) - chi_square
    f = (losses - 1) * chi_square / residual if residual > 1e-9 else math.inf
    p = float(special.fdtrc(solvers - 1, (solvers - 1) * (losses - 1), f)) if math.isfinite(f) else 0.0
    full_agreement = math.exp((1 - losses) * math.lgamma(solvers + 1))
    return Friedman(tuple(ranks.mean(axis=0).tolist()), chi_square, f, max(p, full_agreement))


def critical_difference(solvers: int, losses: int, level: float = 0.05) -> float | None:
    """The smallest significant difference of two mean ranks; None with fewer than 8 losses or 3 solvers.

    Nemenyi 1963, as in Demšar 2006, section 3.2.2: q * sqrt(k (k + 1) / (6 N)), where q is the quantile of the
    studentized range with infinitely many degrees of freedom, divided by the square root of 2. Use it only if
    ``friedman`` finds a difference.

    Args:
        solvers: their number, k.
        losses: their number, N.
        level: the error level of all pairs together.
    """
    if losses < LEAST_LOSSES or solvers < LEAST_SOLVERS:
        return None
    from scipy import stats

    q = float(stats.studentized_range.ppf(1 - level, solvers, math.inf)) / math.sqrt(2)
    return q * math.sqrt(solvers * (solvers + 1) / (6 * losses))


def is_pair_test_possible(losses: int, solvers: int, level: float = 0.05) -> bool:
    """Whether a test of pairs over the losses can be significant after Holm's correction, see ``smallest_p``."""
    pairs = solvers * (solvers - 1) // 2
    return pairs > 0 and smallest_p(losses, pairs) <= level


@dataclass(frozen=True)
class PairwiseTest:
    """The test of two solvers over the losses."""

    first: int
    second: int
    """Their columns."""
    better: int
    equal: int
    worse: int
    """Losses on which the first has the larger, the same, the smaller score."""
    p: float
    """Of this two-sided signed-rank test alone."""
    adjusted_p: float
    """With Holm's correction for all comparisons: compare this with the level."""
    effect: float
    """Matched-pairs rank-biserial correlation, -1 to 1, positive in favour of the first; see ``signed_rank``."""


def wilcoxon_holm(scores: Array) -> list[PairwiseTest]:
    """The signed-rank test over the losses for every pair of solvers, with Holm's correction.

    Wilcoxon 1945, recommended by Demšar 2006, section 3.1.3; Holm 1979, "A Simple Sequentially Rejective Multiple Test
    Procedure". See ``signed_rank`` for ties and zeros. The smallest corrected p that is possible is
    ``smallest_p(losses, comparisons)``. Two infinite scores of the same sign are equal.

    Args:
        scores: float [losses, solvers], larger is better.

    Raises:
        ValueError: a score is missing.
    """
    scores = np.asarray(scores, float)
    pairs = list(combinations(range(scores.shape[1]), 2))
    with np.errstate(invalid="ignore"):
        differences = [np.where(scores[:, a] == scores[:, b], 0.0, scores[:, a] - scores[:, b]) for a, b in pairs]
    tests = [signed_rank(each) for each in differences]
    return [
        PairwiseTest(a, b, test.above, test.equal, test.below, test.p, adjusted, test.effect)
        for (a, b), test, adjusted in zip(pairs, tests, holm([test.p for test in tests]), strict=True)
    ]


def holm(p: Sequence[float]) -> list[float]:
    """The p-values corrected for their number by Holm's step-down procedure, in the same order (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
    return [float(value) for value in np.minimum(corrected, 1.0)]
