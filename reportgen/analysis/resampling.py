"""What varies at random between the runs of a cell, and how often each of them is in each resample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array

if TYPE_CHECKING:
    from reportgen.results.result_tables import Results

RESAMPLES = 1000
SEED = 0
_BLOCK = 256
"""Cells at a time, so that their counts stay in the processor's cache."""


@dataclass(frozen=True)
class Design:
    """Cells whose runs have the same starts and seeds: one set of draws does for all of them."""

    groups: Array
    """shape [cells]: the number of each cell."""
    rows: Array
    """shape [cells, runs]: where its runs are, by start and seed."""
    free: Array
    """shape [runs], bool: whether a run is a random draw; the others are fixed."""
    draws: int
    """How many of them are independent: random starts, or runs where only the noise varies; 0 where nothing does."""
    weights: Array | None
    """shape [runs, resamples]: how often a run is in each resample; None where nothing random varies."""


def resampling_designs(
    group: Array, start: Array, seed: Array, random_start: Array, random_seed: Array
) -> list[Design]:
    """The designs of the groups (0 .. groups-1, none empty) that runs belong to; all arrays are of shape [runs].

    The unit is the start with all its seeds: random starts are drawn with replacement where there are two or more, and
    seeds within each start where noise makes them random and there are two or more. What is fixed is in every resample
    once: the standard start, points the user gave, repeats without noise. Cells of one design share the same draws, so
    that the rates of an optimizer are compared on the same starts.

    Source: the two-stage bootstrap of Davison and Hinkley 1997, Bootstrap methods and their application, section 3.8.
    """
    order = np.lexsort((seed, start, group))
    facts = np.stack([start, seed, random_start, random_seed], axis=1).astype(np.int64)[order]
    ends = np.cumsum(np.bincount(group))
    alike: dict[bytes, list[int]] = {}
    for number, (begin, end) in enumerate(zip(np.append(0, ends[:-1]), ends, strict=True)):
        alike.setdefault(facts[begin:end].tobytes(), []).append(number)
    return [_design(np.array(numbers), order, ends, facts) for numbers in alike.values()]


def designs_of_results(results: Results, group: Array) -> list[Design]:
    """The designs of groups of runs, with what the manifest says is random in them.

    Starts 1 to ``config.starts.random`` are drawn from the loss's domain; seeds are random where the loss has noise.
    """
    runs, manifest = results.runs, results.manifest
    start, seed = runs["start"].to_numpy(int), runs["seed"].to_numpy(int)
    drawn = (start >= 1) & (start <= manifest["config"]["starts"]["random"])
    noisy = [fact["label"] for fact in manifest["losses"] if fact.get("noise")]
    return resampling_designs(group, start, seed, drawn, runs["loss"].isin(noisy).to_numpy(bool))


def resampled_places(order: Array, weights: Array, quantile: float) -> Array:
    """Where the ``quantile`` of each resample lies among the sorted runs of its cell, shape [cells, resamples].

    ``order`` [cells, runs] sorts the values of each cell, ``weights`` is that of its design. The quantile is an order
    statistic, rounded upwards, as ``cells.order_statistic``.
    """
    total = weights.sum(axis=0)
    limit = np.ceil(quantile * (total - 1))
    counted = np.min_scalar_type(int(total.max()))
    small, limit = weights.astype(counted), limit.astype(counted)
    places = np.zeros((len(order), weights.shape[1]), np.min_scalar_type(len(weights)))
    for begin in range(0, len(order), _BLOCK):
        block = places[begin : begin + _BLOCK]
        so_far = np.zeros(block.shape, counted)
        for run in order[begin : begin + _BLOCK].T:
            so_far += small[run]
            block += so_far <= limit
    return places


def _design(numbers: Array, order: Array, ends: Array, facts: Array) -> Design:
    size = int(ends[0] if numbers[0] == 0 else ends[numbers[0]] - ends[numbers[0] - 1])
    places = ends[numbers][:, np.newaxis] + np.arange(-size, 0)
    start, _, random_start, random_seed = facts[places[0]].T
    which = np.unique(start, return_inverse=True)[1]
    moving = np.unique(which[random_start == 1])
    moving = moving if len(moving) > 1 else moving[:0]
    noisy = (random_seed == 1) & (np.bincount(which)[which] > 1)
    free = np.isin(which, moving) | noisy
    draws = len(np.unique(which[free])) if len(moving) else int(free.sum())
    weights = _weights(which, moving, noisy) if draws else None
    return Design(numbers, order[places], free, draws, weights)


def _weights(which: Array, moving: Array, noisy: Array) -> Array:
    """How often each run is drawn, [runs, resamples]: ``which`` [runs] numbers its start, those of ``moving`` vary."""
    random = np.random.default_rng(SEED)
    drawn = np.ones((which.max() + 1, RESAMPLES), int)
    if len(moving):
        drawn[moving] = random.multinomial(len(moving), np.full(len(moving), 1 / len(moving)), RESAMPLES).T
    weights = drawn[which]
    for start in np.unique(which[noisy]):
        seeds = np.flatnonzero(which == start)
        # A start that is drawn n times has its seeds drawn anew each time: n x seeds draws in all.
        weights[seeds] = random.multinomial(drawn[start] * len(seeds), np.full(len(seeds), 1 / len(seeds))).T
    return weights
