"""The tests of one optimizer: on each loss and over all losses, corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.model import FlipTest, Thresholds
from reportgen.analysis.compare.units import PairUnits
from reportgen.analysis.sign_flips import DRAWS, TIE, benjamini_hochberg, flipped_sums, lower_tails


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
        pairs: the units on each loss on which runs changed; at least one loss.
        thresholds: when a difference counts.
    """
    flips = _joint_flips(pairs)
    (worse, pool_worse), (better, pool_better) = (_adjusted(pairs, flips, direction) for direction in (1, -1))
    tests = [
        (
            _test(each.size, thresholds.log2, (worse[0, place], better[0, place]), thresholds.level),
            _test(each.solved_share, thresholds.solved, (worse[1, place], better[1, place]), thresholds.level),
        )
        for place, each in enumerate(pairs)
    ]
    if len(pairs) == 1:
        return OptimizerTests(tests, None, 2)
    sizes = np.array([each.size for each in pairs])
    slower, faster = (float(each[each > 0].mean()) if (each > 0).any() else 0.0 for each in (-sizes, sizes))
    pool = FlipTest((slower, faster), thresholds.log2, (pool_worse, pool_better), thresholds.level)
    return OptimizerTests(tests, pool, 2 * len(pairs) + 2)


def _test(size: float, least: float, p: tuple[float, float], level: float) -> FlipTest:
    return FlipTest((-size, size), least, (float(p[0]), float(p[1])), level)


@dataclass(frozen=True)
class _Flips:
    """Losses with the same starts under flips of these starts."""

    places: list[int]
    """Which losses these are."""
    sums: Array
    """Mean effects and changes in solved runs, float [2 * losses, own flips], the observed ones first."""
    joint: Array
    """The own flip in each joint flip of all starts of all losses, int [flips]."""


def _adjusted(pairs: Sequence[PairUnits], flips: Sequence[_Flips], direction: int) -> tuple[Array, float]:
    """One-sided p that head is worse, adjusted, on each loss, float [2, losses], and over all losses.

    There are three kinds of tests:

    - On each loss, of the effect and of the change in solved runs (Benjamini and Hochberg).
    - The effect on each loss against the largest effect of all losses. Losses that hardly change do not weaken this
      test, however many they are.
    - The sum over the losses of the squared studentized effects in this direction. It sees small changes on many
      losses, and opposite changes on other losses do not cancel them.

    The first kind has twice the weight of the others. The smallest weighted p of all tests is adjusted by its
    distribution over the same flips (Westfall and Young 1993, "Resampling-Based Multiple Testing"). So the probability
    that any adjusted p is at most the level is at most the level, if base and head do not differ.

    Args:
        pairs: the units on each loss.
        flips: their flips.
        direction: 1 if head may be worse, -1 if it may be better.
    """
    means, p = (np.empty((2, len(pairs), len(flips[0].joint))) for _ in range(2))
    for own in flips:
        sums = direction * own.sums
        for found, values in ((means, sums), (p, lower_tails(sums))):
            found[:, own.places] = values[:, own.joint].reshape(2, len(own.places), -1)
    single = p.reshape(-1, p.shape[-1])
    on_each = benjamini_hochberg(single[:, 0]).reshape(2, -1)
    smallest = _smallest_adjusted(single)
    if len(pairs) == 1:
        return _share_at_most(smallest, on_each), 1.0
    towards = np.minimum(means[0], 0.0)
    largest = lower_tails(towards.min(axis=0)[np.newaxis])[0]
    on_each[0] = np.minimum(on_each[0], 2 * _share_at_most(towards.min(axis=0), towards[:, 0]))
    spread = np.array([np.sqrt((each.effect**2).sum()) / len(each.effect) for each in pairs])
    studentized = towards / np.where(spread > 0, spread, np.inf)[:, np.newaxis]
    squares = lower_tails(-(studentized**2).sum(axis=0)[np.newaxis])[0]
    smallest = np.minimum(smallest, 2 * np.minimum(largest, squares))
    return _share_at_most(smallest, on_each), float(_share_at_most(smallest, 2 * squares[:1])[0])


def _smallest_adjusted(p: Array) -> Array:
    """The smallest p after Benjamini and Hochberg's correction, float [flips].

    Args:
        p: of all tests, float [tests, flips].
    """
    factors = len(p) / np.arange(1, len(p) + 1)
    smallest: Array = (np.sort(p, axis=0) * factors[:, np.newaxis]).min(axis=0)
    return smallest


def _share_at_most(statistics: Array, values: Array) -> Array:
    """The share of ``statistics``, float [flips], that are at most each of ``values``."""
    shares: Array = np.searchsorted(np.sort(statistics), values + TIE, side="right") / len(statistics)
    return shares


def _joint_flips(pairs: Sequence[PairUnits]) -> list[_Flips]:
    """The flips of all losses.

    Starts of different losses are independent draws. The variants of a loss, such as other noise, share their starts.
    """
    random = np.random.default_rng(0)
    clusters = list(dict.fromkeys(each.cluster for each in pairs))
    flips = []
    for name in clusters:
        places = [place for place, each in enumerate(pairs) if each.cluster == name]
        sums = flipped_sums(_block([pairs[place] for place in places])).T
        joint = np.arange(sums.shape[1])
        if len(clusters) > 1:
            joint = np.append(0, random.integers(0, len(joint), DRAWS))
        flips.append(_Flips(places, sums, joint))
    return flips


def _block(pairs: Sequence[PairUnits]) -> Array:
    """The differences on losses with the same starts, float [units, 2 * losses]; 0 at a start that a loss lacks."""
    numbers = np.unique(np.concatenate([each.number for each in pairs]))
    block = np.zeros((2, len(pairs), len(numbers)))
    for place, each in enumerate(pairs):
        block[:, place, np.searchsorted(numbers, each.number)] = each.effect / len(each.effect), each.solved
    return block.reshape(-1, len(numbers)).T
