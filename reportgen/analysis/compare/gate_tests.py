"""The tests of one optimizer: on each loss and over all losses, corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.model import FlipTest, Thresholds
from reportgen.analysis.compare.units import PairUnits
from reportgen.analysis.sign_flips import TIE, benjamini_hochberg, flipped_sums, lower_tail


@dataclass(frozen=True)
class OptimizerTests:
    """The tests of one optimizer."""

    pairs: list[tuple[FlipTest, FlipTest]]
    """Of gradient evaluations and of solved runs, for each loss."""
    pool: FlipTest | None
    """Of gradient evaluations over all losses; its sizes are the mean over the losses on which head is slower, and over
    those on which it is faster. None with a single loss."""
    tests: int
    """Tests in each direction."""


def optimizer_tests(pairs: Sequence[PairUnits], thresholds: Thresholds) -> OptimizerTests:
    """Test whether one optimizer became worse or better. Each direction has the error rate ``thresholds.level``.

    Args:
        pairs: the units on each loss whose runs changed; at least one loss.
        thresholds: when a difference counts.
    """
    sums = [flipped_sums(np.stack([each.effect, each.solved], axis=1)) for each in pairs]
    means = _flipped_means(pairs) if len(pairs) > 1 else None
    (worse, pool_worse), (better, pool_better) = (_adjusted(pairs, sums, means, direction) for direction in (1, -1))
    tests = [
        (
            _test(each.size, thresholds.log2, (worse[place, 0], better[place, 0]), thresholds.level),
            _test(each.solved_share, thresholds.solved, (worse[place, 1], better[place, 1]), thresholds.level),
        )
        for place, each in enumerate(pairs)
    ]
    if means is None:
        return OptimizerTests(tests, None, 2)
    sizes = np.array([each.size for each in pairs])
    slower, faster = (float(each[each > 0].mean()) if (each > 0).any() else 0.0 for each in (-sizes, sizes))
    pool = FlipTest((slower, faster), thresholds.log2, (pool_worse, pool_better), thresholds.level)
    return OptimizerTests(tests, pool, 2 * len(pairs) + 2)


def _test(size: float, least: float, p: tuple[float, float], level: float) -> FlipTest:
    return FlipTest((-size, size), least, (float(p[0]), float(p[1])), level)


def _adjusted(
    pairs: Sequence[PairUnits], sums: Sequence[Array], means: Array | None, direction: int
) -> tuple[Array, float]:
    """One-sided p, adjusted, of the tests of each loss, float [losses, 2], and of all losses.

    With several losses, the level has three parts. A half is for the two tests of each loss (Benjamini and Hochberg).
    A quarter is for the largest effect: each loss against the largest one of all losses under the same flips (Westfall
    and Young 1993, "Resampling-Based Multiple Testing", single step). Losses that hardly change do not weaken this
    test, however many they are. The last quarter is for the sum of the squared studentized effects in this direction:
    it sees small changes on many losses, and opposite changes on other losses do not cancel them. If it is significant,
    its quarter passes to the tests of each loss (Bretz et al. 2009, "A Graphical Approach to Sequentially Rejective
    Multiple Test Procedures").

    Args:
        pairs: the units on each loss.
        sums: their effects and changes in solved runs under flips, each float [flips, 2].
        means: the mean effects under joint flips, float [losses, flips]; None for a single loss.
        direction: 1 if head may be worse, -1 if it may be better.
    """
    single = np.array([lower_tail(direction * column) for each in sums for column in each.T])
    adjusted = benjamini_hochberg(single).reshape(-1, 2)
    if means is None:
        return adjusted, 1.0
    towards = np.minimum(direction * means, 0.0)
    least = np.sort(towards.min(axis=0))
    largest = np.searchsorted(least, towards[:, 0] + TIE, side="right") / len(least)
    spread = np.array([np.sqrt((each.effect**2).sum()) / len(each.effect) for each in pairs])
    studentized = towards / np.where(spread > 0, spread, np.inf)[:, np.newaxis]
    pool = min(1.0, 4 * lower_tail(-(studentized**2).sum(axis=0)))
    adjusted = np.minimum(2 * adjusted, np.maximum(4 / 3 * adjusted, pool))
    adjusted[:, 0] = np.minimum(adjusted[:, 0], 4 * largest)
    return np.minimum(adjusted, 1.0), pool


def _flipped_means(pairs: Sequence[PairUnits]) -> Array:
    """The mean effect on each loss under joint flips, float [losses, flips], the observed one first.

    Starts of different losses are independent draws. The variants of a loss, such as other noise, share their starts.
    """
    clusters = list(dict.fromkeys(each.cluster for each in pairs))
    blocks = [_block([each for each in pairs if each.cluster == name]) for name in clusters]
    rows = np.concatenate([flipped_sums(block, seed) for seed, block in enumerate(blocks)], axis=1)
    order = [place for name in clusters for place, each in enumerate(pairs) if each.cluster == name]
    means: Array = rows.T[np.argsort(order)]
    return means


def _block(pairs: Sequence[PairUnits]) -> Array:
    """The effects of losses with the same starts, divided by their number, float [units, losses]; 0 without a unit."""
    numbers = np.unique(np.concatenate([each.number for each in pairs]))
    block = np.zeros((len(numbers), len(pairs)))
    for place, each in enumerate(pairs):
        block[np.searchsorted(numbers, each.number), place] = each.effect / len(each.effect)
    return block
