"""What is random in the runs of a configuration, and how often each run is in each bootstrap resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array

RESAMPLES = 1000
SEED = 0
_BLOCK = 256
"""Configurations per block, so that their counts stay in the processor's cache."""


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
    weights: Array | None
    """How often a run is in each resample, int [runs, resamples]; None if nothing random varies."""


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


def resampled_places(order: Array, weights: Array, quantile: float) -> Array:
    """The place of a quantile of each resample among the sorted runs of its configuration, int [cells, resamples].

    The quantile is an order statistic, rounded upwards, as in ``cells.order_statistic``.

    Args:
        order: sorts the values of each configuration, int [cells, runs].
        weights: those of the configurations' design, int [runs, resamples].
        quantile: from 0 to 1.
    """
    total = weights.sum(axis=0)
    limit = np.ceil(quantile * (total - 1))
    count_type = np.min_scalar_type(int(total.max()))
    counts, limit = weights.astype(count_type), limit.astype(count_type)
    places = np.zeros((len(order), weights.shape[1]), np.min_scalar_type(len(weights)))
    for begin in range(0, len(order), _BLOCK):
        block = places[begin : begin + _BLOCK]
        counted = np.zeros(block.shape, count_type)
        for run in order[begin : begin + _BLOCK].T:
            counted += counts[run]
            block += counted <= limit
    return places


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
    weights = _weights(start, random_starts, noisy) if draws else None
    return Design(numbers, order[places], is_random, draws, weights)


def _weights(start: Array, random_starts: Array, noisy: Array) -> Array:
    """How often each run is drawn, int [runs, resamples]; ``start`` and ``noisy`` are those of each run."""
    random = np.random.default_rng(SEED)
    drawn = np.ones((start.max() + 1, RESAMPLES), int)
    if count := len(random_starts):
        drawn[random_starts] = random.multinomial(count, np.full(count, 1 / count), RESAMPLES).T
    weights = drawn[start]
    for one in np.unique(start[noisy]):
        seeds = np.flatnonzero(start == one)
        # If a start is drawn n times, its seeds are drawn each time: n x seeds draws in total.
        weights[seeds] = random.multinomial(drawn[one] * len(seeds), np.full(len(seeds), 1 / len(seeds))).T
    return weights
