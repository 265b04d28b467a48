"""The exact signed-rank test of two optimizers on the same losses, with its effect size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.scores import DECIMALS, average_ranks

EXACT = 100
"""The p-value of the signed-rank test is exact for up to this many pairs that differ; for more it is normal."""


def smallest_p(pairs: int, comparisons: int = 1) -> float:
    """The smallest two-sided p that a sign or signed-rank test can give, after Holm's correction.

    Equal signs have the probability 2 * 2**-pairs. If that exceeds the level, no outcome could be significant: 5 losses
    give 0.0625 at best, so a test without a finding says nothing.

    Args:
        pairs: their number.
        comparisons: how many tests are made.
    """
    return min(1.0, comparisons * 2.0 ** (1 - pairs))


@dataclass(frozen=True)
class SignedRank:
    """The result of a signed-rank test of paired differences."""

    p: float
    """Two-sided, under the hypothesis that differences are symmetric about 0."""
    effect: float
    """Matched-pairs rank-biserial correlation, -1 to 1: share of the rank sum in favour minus share against."""
    above: int
    equal: int
    below: int
    """Pairs with a positive, zero, negative difference."""


def signed_rank(differences: Array) -> SignedRank:
    """Wilcoxon's signed-rank test of paired differences.

    Wilcoxon 1945, "Individual Comparisons by Ranking Methods". Differences of equal size share their mean rank. Zeros
    are ranked with the others and count for neither side (Pratt 1959, "Remarks on Zeros and Ties in the Wilcoxon Signed
    Rank Procedures", JASA 54). Splitting their ranks, as Demšar 2006 does, gives the same p.

    p is computed over all 2**m signs of the m differences that are not zero, so it is exact with ties too. For more
    than ``EXACT`` of them it is the normal approximation, with the exact variance and no continuity correction.

    The effect is the one of Kerby 2014, "The Simple Difference Formula", Comprehensive Psychology 3. It is relative to
    the rank sum of all pairs, so pairs without a difference make it smaller.

    Args:
        differences: float [pairs]; may be infinite.

    Raises:
        ValueError: a difference is missing.
    """
    values = np.round(np.asarray(differences, float), DECIMALS)
    if np.isnan(values).any():
        raise ValueError("differences: expected a number for each pair, found NaN")
    ranks = average_ranks(np.abs(values))
    up, down = float(ranks[values > 0].sum()), float(ranks[values < 0].sum())
    return SignedRank(
        p=_sign_flips(ranks[values != 0], up, down),
        effect=(up - down) / float(ranks.sum()) if len(ranks) else 0.0,
        above=int((values > 0).sum()),
        equal=int((values == 0).sum()),
        below=int((values < 0).sum()),
    )


def _sign_flips(ranks: Array, up: float, down: float) -> float:
    """The share of all signs of ``ranks`` with a smaller rank sum of at most the smaller one of ``up`` and ``down``."""
    if len(ranks) > EXACT:
        return math.erfc(abs(up - down) / math.sqrt(2 * float((ranks**2).sum())))
    doubled = np.rint(2 * ranks).astype(int)  # mean ranks are multiples of one half
    share = np.zeros(doubled.sum() + 1)
    share[0] = 1.0
    for rank in doubled:
        share[rank:] += share[:-rank]
        share /= 2
    return min(1.0, 2 * float(share[: round(2 * min(up, down)) + 1].sum()))
