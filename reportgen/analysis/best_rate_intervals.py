"""Intervals of the best learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.analysis.cross_fitting import Resamples
from reportgen.analysis.intervals import percentile_ends
from reportgen.analysis.rate_rule import best_places

if TYPE_CHECKING:
    from reportgen.analysis.cells import Array
    from reportgen.analysis.run_table import RunTable


def best_rate_intervals(table: RunTable, level: float = 0.95) -> dict[tuple[str, str], tuple[float, float]]:
    """By (loss, optimizer), the tried learning rates that enclose the best one in the share ``level`` of the resamples.

    In each resample of the starts (or seeds) the best learning rate is chosen again by the rule of ``rate_rule``, from
    the same starts for all learning rates. A pair has no interval if nothing random varies, or if its learning rates
    were tried from different starts.

    Percentile bootstrap: Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13.
    """
    return {
        (label, name): _interval(rates, rule, table.resamples[label], level)
        for label, each in table.trials.items()
        if each.random_units
        for name, rates, rule, complete in zip(each.names, each.rates, each.rule, each.complete, strict=True)
        if complete
    }


def _interval(rates: Array, rule: Array, drawn: Resamples, level: float) -> tuple[float, float]:
    places = best_places(rule, drawn.weights)[drawn.of_each]
    low, high = percentile_ends(places[None], (1 - level) / 2)
    return float(rates[low.item()]), float(rates[high.item()])
