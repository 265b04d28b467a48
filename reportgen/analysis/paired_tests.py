"""Exact tests of two optimizers on the same losses or the same starts, with effect sizes and intervals."""

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


@dataclass(frozen=True)
class PairedStarts:
    """The runtimes of two optimizers from the same random starts of one loss."""

    faster: int
    ties: int
    slower: int
    """Starts from which the first is faster than the second, equally fast (or neither hit the target), slower."""
    p: float
    """Of the two-sided sign test; 1 if all are ties."""
    smallest_p: float
    """The smallest p that is possible with this number of starts."""
    log2_ratio: float
    """Median over the starts of log2(second's runtime / first's): 1 if the first is twice as fast."""
    interval: tuple[float, float] | None
    """Of that median; None with too few starts."""


def paired_ratios(ratios: Array, level: float = 0.95) -> PairedStarts:
    """Compare the runtimes of two optimizers from the same random starts of one loss.

    The sign test without ties (Conover 1999, "Practical Nonparametric Statistics", section 3.4). The interval ends at
    the order statistics that the sign test does not reject (section 3.2). So it holds for any distribution and covers
    at least ``level``; 0.95 needs 6 starts. Of two middle ratios, the median is the one closer to a tie; it is a tie if
    they disagree about which optimizer is faster.

    Args:
        ratios: log2 of the second's runtime divided by the first's, float [starts]: positive if the first is faster,
            infinite if only one hit the target, 0 if neither did. With noise one number per start.
        level: confidence of the interval.
    """
    ratios = np.sort(np.round(np.asarray(ratios, float), DECIMALS))
    faster, slower = int((ratios > 0).sum()), int((ratios < 0).sum())
    one_sided_p = _fair_coin(faster + slower)[min(faster, slower)]
    return PairedStarts(
        faster=faster,
        ties=len(ratios) - faster - slower,
        slower=slower,
        p=min(1.0, 2 * float(one_sided_p)),
        smallest_p=smallest_p(len(ratios)),
        log2_ratio=_median(ratios),
        interval=_median_interval(ratios, level),
    )


def _fair_coin(tosses: int) -> Array:
    """The probability of at most 0, 1, ... ``tosses`` heads."""
    logs = [math.lgamma(tosses + 1) - math.lgamma(k + 1) - math.lgamma(tosses - k + 1) for k in range(tosses + 1)]
    probabilities: Array = np.cumsum(np.exp(np.array(logs) - tosses * math.log(2)))
    return probabilities


def _median(ordered: Array) -> float:
    """The middle value; of two middle values the one closer to 0, or 0 if their signs differ."""
    if not len(ordered):
        return 0.0
    low, high = float(ordered[(len(ordered) - 1) // 2]), float(ordered[len(ordered) // 2])
    return 0.0 if low * high <= 0 else min(low, high, key=abs)


def _median_interval(ordered: Array, level: float) -> tuple[float, float] | None:
    cut = int((2 * _fair_coin(len(ordered)) <= 1 - level).sum())
    return (float(ordered[cut - 1]), float(ordered[-cut])) if cut else None
