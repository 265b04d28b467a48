"""Do optimizers differ over losses, and which? Tests on one number a loss and optimizer, never on seeds or starts.

``scores`` is an array [losses, solvers] in which larger is better and numbers are of order one, such as shares, areas
under a profile or logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.paired_tests import signed_rank
from reportgen.analysis.scores import score_ranks

LEAST_LOSSES = 8
LEAST_SOLVERS = 3
"""With fewer losses or solvers there is no Friedman test and no critical difference."""


@dataclass(frozen=True)
class Friedman:
    """Whether any of the solvers differs from the others over the losses."""

    mean_ranks: tuple[float, ...]
    """Of each solver, 1 where it is the best on every loss."""
    chi_square: float
    """Friedman's statistic, corrected for ties."""
    f: float
    """Iman and Davenport's, infinite where all losses agree."""
    p: float
    """Of ``f``."""


def friedman(scores: Array) -> Friedman | None:
    """The Friedman test on ``scores``; None with fewer than 8 losses or 3 solvers.

    Friedman 1937, "The Use of Ranks to Avoid the Assumption of Normality", JASA 32, corrected for ties as in Conover
    1999, section 5.8; then F = (N - 1) X / (N (k - 1) - X) with k - 1 and (k - 1)(N - 1) degrees of freedom (Iman and
    Davenport 1980; Demšar 2006, section 3.2.2), which is the analysis of variance of the ranks. Where all are equal on
    every loss p is 1, and it is never below (k!)**(1 - N), the share of rankings in which N losses agree completely.
    """
    ranks = score_ranks(scores)
    losses, solvers = ranks.shape
    if losses < LEAST_LOSSES or solvers < LEAST_SOLVERS:
        return None
    from scipy import special  # type: ignore[import-untyped]

    apart = ranks - (solvers + 1) / 2
    spread = float((apart**2).sum())
    chi_square = (solvers - 1) * float((apart.sum(axis=0) ** 2).sum()) / spread if spread else 0.0
    left = losses * (solvers - 1) - chi_square
    f = (losses - 1) * chi_square / left if left > 1e-9 else math.inf
    p = float(special.fdtrc(solvers - 1, (solvers - 1) * (losses - 1), f)) if math.isfinite(f) else 0.0
    agree = math.exp((1 - losses) * math.lgamma(solvers + 1))
    return Friedman(tuple(ranks.mean(axis=0).tolist()), chi_square, f, max(p, agree))


def critical_difference(solvers: int, losses: int, level: float = 0.05) -> float | None:
    """By how much the mean ranks of two of so many solvers must differ; None with fewer than 8 losses or 3 solvers.

    Nemenyi 1963, as in Demšar 2006, section 3.2.2: q * sqrt(k (k + 1) / (6 N)), q the quantile of the studentized range
    with infinitely many degrees of freedom over the square root of 2. All pairs together have the level. It is meant
    for where ``friedman`` found a difference.
    """
    if losses < LEAST_LOSSES or solvers < LEAST_SOLVERS:
        return None
    from scipy import stats

    q = float(stats.studentized_range.ppf(1 - level, solvers, math.inf)) / math.sqrt(2)
    return q * math.sqrt(solvers * (solvers + 1) / (6 * losses))


def cliques(mean_ranks: Sequence[float], cd: float) -> list[tuple[int, ...]]:
    """The largest groups of solvers no two of which differ by ``cd`` or more: the bars of a diagram (Demšar 2006).

    Each is the places in ``mean_ranks`` of two solvers or more, best first; the groups too.
    """
    order = sorted(range(len(mean_ranks)), key=lambda place: mean_ranks[place])
    groups: list[tuple[int, ...]] = []
    reached = 0
    for begin, first in enumerate(order):
        group = tuple(place for place in order[begin:] if mean_ranks[place] - mean_ranks[first] < cd)
        if len(group) > 1 and begin + len(group) > reached:
            groups.append(group)
        reached = max(reached, begin + len(group))
    return groups


@dataclass(frozen=True)
class PairwiseTest:
    """Two solvers over the losses."""

    first: int
    second: int
    """Their columns."""
    better: int
    equal: int
    worse: int
    """Losses on which the first has the larger score, the same, the smaller."""
    p: float
    """Of the two-sided signed-rank test by itself."""
    adjusted_p: float
    """With Holm's correction for all comparisons: compare this with the level."""
    effect: float
    """Matched-pairs rank-biserial correlation, from -1 to 1, positive in favour of the first; see ``signed_rank``."""


def wilcoxon_holm(scores: Array) -> list[PairwiseTest]:
    """Every two solvers' ``scores`` by the signed-rank test over the losses, with Holm's correction.

    Wilcoxon 1945, recommended by Demšar 2006, section 3.1.3; Holm 1979, "A Simple Sequentially Rejective Multiple Test
    Procedure". ``signed_rank`` says what becomes of ties and zeros, and ``smallest_p(losses, comparisons)`` is the
    smallest corrected p that so many losses could give. Two infinite scores of the same sign are equal.
    """
    scores = np.asarray(scores, float)
    pairs = list(combinations(range(scores.shape[1]), 2))
    with np.errstate(invalid="ignore"):
        apart = [np.where(scores[:, a] == scores[:, b], 0.0, scores[:, a] - scores[:, b]) for a, b in pairs]
    tests = [signed_rank(differences) for differences in apart]
    return [
        PairwiseTest(a, b, test.above, test.equal, test.below, test.p, adjusted, test.effect)
        for (a, b), test, adjusted in zip(pairs, tests, holm([test.p for test in tests]), strict=True)
    ]


def holm(p: Sequence[float]) -> list[float]:
    """``p`` corrected for their number by Holm's step-down procedure, in their order (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
    return [float(value) for value in np.minimum(corrected, 1.0)]
