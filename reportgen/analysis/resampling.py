"""What is random in the runs of a configuration, and how often each run is in each bootstrap resample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array

RESAMPLES = 10_000
SEED = 0
MOST_GROUPS = 512
"""Random starts that are drawn one by one. More are drawn in this many groups."""
_NUMBERS = 2**20
"""Counts per block of resamples, to bound their memory."""


@dataclass(frozen=True)
class Design:
    """Configurations with the same starts and seeds, which share one set of draws."""

    groups: Array
    """Number of each configuration, int [cells]."""
    rows: Array
    """Rows of its runs, ordered by start and seed, int [cells, runs]."""
    is_random: Array
    """Whether a run is a random draw; the others are fixed, bool [runs]."""
    draws: int
    """Number of independent draws: random starts, or runs if only the noise varies; 0 if nothing varies."""
    start: Array
    """Number of the start of each run, from 0, int [runs]."""
    random_starts: Array
    """The starts that are drawn, int [random starts]; none if there is only one."""
    noisy: Array
    """Whether the seeds of the start of each run are drawn, bool [runs]."""

    @property
    def is_plain(self) -> bool:
        """Whether the random runs are single draws with replacement from all of them."""
        drawn_within = len(np.unique(self.start[self.is_random])) == 1
        return self.draws == int(self.is_random.sum()) and (drawn_within or not self.noisy.any())

    def weights(self, number: int = RESAMPLES) -> Iterator[Array]:
        """How often each run is in each resample, int [runs, some resamples], in blocks that bound the memory.

        Args:
            number: of resamples.
        """
        random = np.random.default_rng(SEED)
        block = max(1, _NUMBERS // len(self.start))
        for begin in range(0, number, block):
            yield self._weights(min(block, number - begin), random)

    def _weights(self, number: int, random: np.random.Generator) -> Array:
        drawn = np.ones((self.start.max() + 1, number), int)
        if count := len(self.random_starts):
            groups = min(count, MOST_GROUPS)
            drawn_groups = random.multinomial(groups, np.full(groups, 1 / groups), number).T
            drawn[self.random_starts] = drawn_groups[np.arange(count) % groups]
        weights: Array = drawn[self.start]
        for one in np.unique(self.start[self.noisy]):
            seeds = np.flatnonzero(self.start == one)
            # If a start is drawn n times, its seeds are drawn each time: n x seeds draws in total.
            weights[seeds] = random.multinomial(drawn[one] * len(seeds), np.full(len(seeds), 1 / len(seeds))).T
        return weights


def resampling_designs(
    group: Array, start: Array, seed: Array, random_start: Array, random_seed: Array
) -> list[Design]:
    """The designs of the configurations, each configuration in one of them.

    The unit is a start with all its seeds. Two or more random starts are drawn with replacement. Within each start, two
    or more seeds are drawn too if noise makes them random. Everything else is in each resample once: the standard
    start, the user's own points, repeats without noise. Configurations of one design share the same draws, so that the
    learning rates of an optimizer are compared on the same starts.

    Source: the two-stage bootstrap of Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8.

    Args:
        group: number of each run's configuration, 0 to groups - 1, none without runs, int [runs].
        start: number of each run's start, int [runs].
        seed: number of each run's noise seed, int [runs].
        random_start: whether that start was drawn at random, bool [runs].
        random_seed: whether the seed changes the run, because its loss has noise, bool [runs].
    """
    order = np.lexsort((seed, start, group))
    facts = np.stack([start, seed, random_start, random_seed], axis=1).astype(np.int64)[order]
    ends = np.cumsum(np.bincount(group))
    same_design: dict[bytes, list[int]] = {}
    for number, (begin, end) in enumerate(zip(np.append(0, ends[:-1]), ends, strict=True)):
        same_design.setdefault(facts[begin:end].tobytes(), []).append(number)
    return [_design(np.array(numbers), order, ends, facts) for numbers in same_design.values()]


def quantile_places(order: Array, design: Design, quantile: float, tails: Sequence[float]) -> Array:
    """The places, among the sorted runs, of percentiles of a resampled quantile, int [cells, tails].

    The quantile is an order statistic, rounded upwards, as in ``cells.order_statistic``. If each random run is a draw,
    its bootstrap distribution is exact: the k-th of n values is at most the i-th smallest if at least k of the draws
    are, which has a binomial probability (Hutson and Ernst 2000, "The exact bootstrap mean and variance of an
    L-estimator", JRSS B 62). Otherwise runs are resampled.

    Args:
        order: sorts the values of each configuration, int [cells, runs].
        design: of the configurations, with something random.
        quantile: from 0 to 1.
        tails: shares of the distribution at or below the percentiles.
    """
    below = _exact_shares(order, design, quantile) if design.is_plain else _sampled_shares(order, design, quantile)
    # Below one half the percentile is rounded down, above it up: never the narrower.
    ends = [(below <= tail).sum(axis=1) if tail < 0.5 else (below < tail).sum(axis=1) for tail in tails]
    places: Array = np.minimum(np.stack(ends, axis=1), order.shape[1] - 1)
    return places


def _exact_shares(order: Array, design: Design, quantile: float) -> Array:
    """The probability that the quantile is at or below each sorted run, float [cells, runs]."""
    random = design.is_random[order]
    fixed, drawn = np.cumsum(~random, axis=1), np.cumsum(random, axis=1)
    needed = int(np.ceil(quantile * (order.shape[1] - 1))) + 1
    tails = np.stack([_tail(design.draws, needed - number) for number in range(int(fixed.max()) + 1)])
    shares: Array = tails[fixed, drawn]
    return shares


def _tail(draws: int, least: int) -> Array:
    """The probability that at least ``least`` of n draws are successes, for the probabilities 0, 1/n .. 1, [n + 1]."""
    if least <= 0:
        return np.ones(draws + 1)
    logs = np.log(np.maximum(np.arange(draws + 1), 1))
    factorials = np.cumsum(logs)
    # Further from the mean, probabilities are below the last digit.
    far = 12 * math.isqrt(draws) + 12
    tail = (np.arange(draws + 1) >= least).astype(float)
    for m in range(max(1, least - far), min(draws, least + far)):
        k = np.arange(least, min(draws, m + far) + 1)
        choose = factorials[-1] - factorials[k] - factorials[draws - k]
        tail[m] = np.exp(choose + k * (logs[m] - logs[-1]) + (draws - k) * (logs[draws - m] - logs[-1])).sum()
    return tail.round(12)


def _sampled_shares(order: Array, design: Design, quantile: float) -> Array:
    """The share of resamples in which the quantile is at or below each sorted run, float [cells, runs]."""
    shares = np.zeros(order.shape)
    for weights in design.weights():
        total = weights.sum(axis=0)
        limit = np.ceil(quantile * (total - 1))
        for cell, runs in enumerate(order):
            shares[cell] += (np.cumsum(weights[runs], axis=0) > limit).sum(axis=1)
    return shares / RESAMPLES


def _design(numbers: Array, order: Array, ends: Array, facts: Array) -> Design:
    """The design that the configurations ``numbers`` share."""
    size = int(ends[0] if numbers[0] == 0 else ends[numbers[0]] - ends[numbers[0] - 1])
    places = ends[numbers][:, np.newaxis] + np.arange(-size, 0)
    start, _, random_start, random_seed = facts[places[0]].T
    start = np.unique(start, return_inverse=True)[1]
    random_starts = np.unique(start[random_start == 1])
    random_starts = random_starts if len(random_starts) > 1 else random_starts[:0]
    noisy = (random_seed == 1) & (np.bincount(start)[start] > 1)
    is_random = np.isin(start, random_starts) | noisy
    draws = len(np.unique(start[is_random])) if len(random_starts) else int(is_random.sum())
    return Design(numbers, order[places], is_random, draws, start, random_starts, noisy)
