"""How sure the best learning rate is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.budgets import final_gaps, numbered_cells
from reportgen.analysis.cells import Array
from reportgen.analysis.intervals import percentile_ends
from reportgen.analysis.resampling import Design, designs_of_results, resampled_places
from reportgen.analysis.runtimes import runtime_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reportgen.results.result_tables import Results

_BLOCK = 512
"""Cells at a time, to bound the memory of their resamples."""


def best_rate_intervals(results: Results, level: float = 0.95) -> dict[tuple[str, str], tuple[float, float]]:
    """By (loss, optimizer) the tried rates between which the best one was in ``level`` of the resamples.

    In each resample of the starts (and seeds) the rate is chosen again by the rule of ``ranking.best``, from the same
    starts for all rates. There is none where nothing random varies, or where the rates were tried on different starts.
    Percentile bootstrap: Efron and Tibshirani 1993, An introduction to the bootstrap, chapter 13.
    """
    table, code = numbered_cells(results)
    reached = np.isfinite(runtime_arrays(results, "steps")[0]).sum(axis=1)
    gap, steps = final_gaps(results), _to_tightest(results)
    pair = table.groupby(["loss", "optimizer"], sort=False, observed=True).ngroup().to_numpy()
    rate, names = table["learning_rate"].to_numpy(float), list(zip(table["loss"], table["optimizer"], strict=True))
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for groups, rows, weights in _whole_pairs(designs_of_results(results, code), pair):
        share = reached[rows] @ weights.astype(float) / weights.sum(axis=0)
        middle_gap, middle_steps = (_resampled_medians(values[rows], weights) for values in (gap, steps))
        rules = [-share, np.where(np.isinf(middle_steps), middle_gap, 0.0), middle_steps]
        begin = np.unique(pair[groups], return_index=True)[1]
        low, high = (rate[groups[places]] for places in percentile_ends(_first_best(rules, begin), (1 - level) / 2))
        found |= {
            names[groups[b]]: ends for b, ends in zip(begin, zip(low.tolist(), high.tolist(), strict=True), strict=True)
        }
    return found


def _to_tightest(results: Results) -> Array:
    steps: Array = runtime_arrays(results, "steps")[0][:, int(np.argmin(results.manifest["targets"]))]
    return steps


def _resampled_medians(values: Array, weights: Array) -> Array:
    """The median of each cell in each resample, [cells, resamples], of ``values`` [cells, runs]."""
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(np.take_along_axis(values, order, axis=1), resampled_places(order, weights, 0.5), axis=1)


def _first_best(rules: list[Array], begin: Array) -> Array:
    """The place of the best cell of each pair in each resample, [pairs, resamples]; a pair's cells start at ``begin``.

    Best has the least of the first of ``rules`` [cells, resamples]; the next decides among equals; at last the place.
    """
    size = np.diff(np.append(begin, len(rules[0])))
    left = np.ones(rules[0].shape, bool)
    for rule in rules:
        among = np.where(left, rule, np.inf)
        left &= among == np.repeat(np.minimum.reduceat(among, begin), size, axis=0)
    place = np.where(left, np.arange(len(left), dtype=np.int32)[:, np.newaxis], len(left))
    first: Array = np.minimum.reduceat(place, begin)
    return first


def _whole_pairs(made: list[Design], pair: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Groups, rows and weights of some cells at a time: of pairs all of whose cells have one design."""
    rates = np.bincount(pair)
    for design in made:
        if design.weights is None:
            continue
        of = pair[design.groups]
        whole = np.flatnonzero(np.bincount(of, minlength=len(rates))[of] == rates[of])
        # Cells are in the order of their pairs, so a block may end only where a pair does.
        block = np.searchsorted(of[whole], of[whole]) // _BLOCK
        for part in np.split(whole, np.flatnonzero(np.diff(block)) + 1):
            if len(part):
                yield design.groups[part], design.rows[part], design.weights
