"""Two optimizers on the same losses, or on the same starts: exact tests of paired numbers, their size and interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.scores import DECIMALS, average_ranks

EXACT = 100
"""Up to so many pairs that differ, p-values of the signed-rank test are exact; beyond it they are normal."""


def smallest_p(pairs: int, comparisons: int = 1) -> float:
    """The smallest two-sided p that ``pairs`` pairs can give in a sign or signed-rank test, after Holm's correction.

    All signs the same has the probability 2 * 2**-pairs. Where it exceeds the level, no outcome could be significant:
    5 losses give 0.0625 at best, and not finding a difference says nothing.
    """
    return min(1.0, comparisons * 2.0 ** (1 - pairs))


@dataclass(frozen=True)
class SignedRank:
    """What a signed-rank test says of paired differences."""

    p: float
    """Two-sided, against differences that are symmetric about 0."""
    effect: float
    """Matched-pairs rank-biserial correlation, from -1 to 1: share of the rank sum in favour minus share against."""
    above: int
    equal: int
    below: int
    """Pairs whose difference is positive, zero, negative."""


def signed_rank(differences: Array) -> SignedRank:
    """Wilcoxon's signed-rank test of ``differences`` [pairs], which may be infinite; ValueError where one is missing.

    Wilcoxon 1945, "Individual Comparisons by Ranking Methods". Equal sizes share their mean rank. Zeros are ranked with
    the others and are on neither side (Pratt 1959, "Remarks on Zeros and Ties in the Wilcoxon Signed Rank Procedures",
    JASA 54; splitting their ranks, as Demšar 2006 does, gives the same p). The p is that of all 2**m signs of the m
    differences that are not zero, so it is exact with ties too; for more than ``EXACT`` of them it is normal, with the
    exact variance and no correction for continuity.

    The effect is that of Kerby 2014, "The Simple Difference Formula", Comprehensive Psychology 3, of the whole rank
    sum, that of the zeros included: pairs without a difference make it smaller.
    """
    values = np.round(np.asarray(differences, float), DECIMALS)
    if np.isnan(values).any():
        raise ValueError("differences must be numbers; a pair without one of its numbers is no pair")
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
    """The share of all signs of ``ranks`` whose smaller rank sum is no larger than that of ``up`` and ``down``."""
    if len(ranks) > EXACT:
        return math.erfc(abs(up - down) / math.sqrt(2 * float((ranks**2).sum())))
    doubled = np.rint(2 * ranks).astype(int)  # mean ranks are halves
    share = np.zeros(doubled.sum() + 1)
    share[0] = 1.0
    for rank in doubled:
        share[rank:] += share[:-rank]
        share /= 2
    return min(1.0, 2 * float(share[: round(2 * min(up, down)) + 1].sum()))


@dataclass(frozen=True)
class PairedStarts:
    """What the random starts of one loss say of two optimizers' runtimes."""

    faster: int
    ties: int
    slower: int
    """Starts from which the first was faster than the second, equally fast (or both never arrived), slower."""
    p: float
    """Of the two-sided sign test, 1 where all are ties."""
    smallest_p: float
    """The smallest that so many starts allow."""
    log2_ratio: float
    """Median over the starts of log2 of the second's runtime over the first's: 1 where the first is twice as fast."""
    interval: tuple[float, float] | None
    """Of that median; None where so few starts cannot give one."""


def log2_ratios(t_a: Array, t_b: Array) -> Array:
    """log2(t_b / t_a) of runtimes, [starts]: positive where a is faster, infinite where only one arrived, 0 if none."""
    t_a, t_b = np.asarray(t_a, float), np.asarray(t_b, float)
    if t_a.shape != t_b.shape or not ((t_a >= 0).all() and (t_b >= 0).all()):
        raise ValueError("both need a runtime for each start, 0 or more, and infinite where the target was not reached")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: Array = np.where(t_a == t_b, 0.0, np.log2(t_b / t_a))
    return ratios


def paired_starts(t_a: Array, t_b: Array, level: float = 0.95) -> PairedStarts:
    """Two optimizers from the same random starts of one loss, by their runtimes [starts], one number a start.

    The sign test (Conover 1999, "Practical Nonparametric Statistics", section 3.4): ties are left out. The interval is
    that of the order statistics which the sign test does not reject (the same, section 3.2), so it holds for any
    distribution and covers at least ``level``; at 0.95 it takes 6 starts. Of two middle ratios the median is the one
    nearer to a tie, and a tie where they disagree about who is faster.

    Only starts that were drawn at random belong here, and with noise one number of all seeds of a start.
    """
    return paired_ratios(log2_ratios(t_a, t_b), level)


def paired_ratios(ratios: Array, level: float = 0.95) -> PairedStarts:
    """The same from the ratios themselves, as ``log2_ratios`` gives them, [starts]."""
    ratios = np.sort(np.round(np.asarray(ratios, float), DECIMALS))
    faster, slower = int((ratios > 0).sum()), int((ratios < 0).sum())
    one_side = _fair_coin(faster + slower)[min(faster, slower)]
    return PairedStarts(
        faster=faster,
        ties=len(ratios) - faster - slower,
        slower=slower,
        p=min(1.0, 2 * float(one_side)),
        smallest_p=smallest_p(len(ratios)),
        log2_ratio=_middle(ratios),
        interval=_median_interval(ratios, level),
    )


def _fair_coin(tosses: int) -> Array:
    """The probability of at most 0, 1, ... ``tosses`` heads."""
    logs = [math.lgamma(tosses + 1) - math.lgamma(k + 1) - math.lgamma(tosses - k + 1) for k in range(tosses + 1)]
    shares: Array = np.cumsum(np.exp(np.array(logs) - tosses * math.log(2)))
    return shares


def _middle(ordered: Array) -> float:
    if not len(ordered):
        return 0.0
    low, high = float(ordered[(len(ordered) - 1) // 2]), float(ordered[len(ordered) // 2])
    return 0.0 if low * high <= 0 else min(low, high, key=abs)


def _median_interval(ordered: Array, level: float) -> tuple[float, float] | None:
    cut = int((2 * _fair_coin(len(ordered)) <= 1 - level).sum())
    return (float(ordered[cut - 1]), float(ordered[-cut])) if cut else None
