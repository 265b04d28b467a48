"""Intervals of the best learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.budgets import final_gaps
from reportgen.analysis.cells import Array
from reportgen.analysis.intervals import percentile_ends
from reportgen.analysis.resampling import Design, resampled_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reportgen.analysis.run_table import RunTable

_BLOCK = 512
"""Configurations per block, to bound the memory of their resamples."""


def best_rate_intervals(table: RunTable, level: float = 0.95) -> dict[tuple[str, str], tuple[float, float]]:
    """By (loss, optimizer), the tried learning rates that enclose the best one in the share ``level`` of the resamples.

    In each resample of the starts (and seeds) the best learning rate is chosen again by the rule of
    ``best_cells.best_cells``, from the same starts for all learning rates. A pair has no interval if nothing random
    varies, or if its learning rates were tried from different starts.

    Percentile bootstrap: Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13.
    """
    cells = table.cells
    t = table.runtimes("steps")[0]
    hits = np.isfinite(t).sum(axis=1)
    gap, steps = final_gaps(table.runs), t[:, int(np.argmin(table.targets))]
    pair = cells.groupby(["loss", "optimizer"], sort=False, observed=True).ngroup().to_numpy()
    rate, names = cells["learning_rate"].to_numpy(float), list(zip(cells["loss"], cells["optimizer"], strict=True))
    intervals: dict[tuple[str, str], tuple[float, float]] = {}
    for groups, rows, weights in _pair_blocks(table.designs, pair):
        hit_rate = hits[rows] @ weights.astype(float) / weights.sum(axis=0)
        median_gap, median_steps = (_resampled_medians(values[rows], weights) for values in (gap, steps))
        criteria = [-hit_rate, np.where(np.isinf(median_steps), median_gap, 0.0), median_steps]
        begin = np.unique(pair[groups], return_index=True)[1]
        places = percentile_ends(_best_places(criteria, begin), (1 - level) / 2)
        low, high = (rate[groups[ends]].tolist() for ends in places)
        intervals |= dict(zip((names[groups[at]] for at in begin), zip(low, high, strict=True), strict=True))
    return intervals


def _resampled_medians(values: Array, weights: Array) -> Array:
    """The median of each configuration in each resample, [cells, resamples], of ``values`` [cells, runs]."""
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(np.take_along_axis(values, order, axis=1), resampled_places(order, weights, 0.5), axis=1)


def _best_places(criteria: list[Array], begin: Array) -> Array:
    """The place of the best configuration of each pair in each resample, int [pairs, resamples].

    Best is the smallest value of the first criterion; each further one decides among equals, finally the place.

    Args:
        criteria: float [cells, resamples], smaller is better.
        begin: the place of each pair's first configuration, int [pairs].
    """
    size = np.diff(np.append(begin, len(criteria[0])))
    candidates = np.ones(criteria[0].shape, bool)
    for criterion in criteria:
        values = np.where(candidates, criterion, np.inf)
        candidates &= values == np.repeat(np.minimum.reduceat(values, begin), size, axis=0)
    place = np.where(candidates, np.arange(len(candidates), dtype=np.int32)[:, np.newaxis], len(candidates))
    first: Array = np.minimum.reduceat(place, begin)
    return first


def _pair_blocks(designs: list[Design], pair: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Groups, rows and weights of the configurations of some pairs; only of pairs with a single design."""
    rates = np.bincount(pair)
    for design in designs:
        if design.weights is None:
            continue
        pairs = pair[design.groups]
        complete = np.flatnonzero(np.bincount(pairs, minlength=len(rates))[pairs] == rates[pairs])
        # Configurations are ordered by pair, so a block may end only where a pair does.
        block = np.searchsorted(pairs[complete], pairs[complete]) // _BLOCK
        for cells in np.split(complete, np.flatnonzero(np.diff(block)) + 1):
            if len(cells):
                yield design.groups[cells], design.rows[cells], design.weights
