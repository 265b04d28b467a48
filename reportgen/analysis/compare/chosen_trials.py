"""Tuned optimizers whose ranges changed: each start at the trial that the other starts choose, in base and in head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from reportgen.analysis.cells import Array
from reportgen.analysis.rate_rule import final_gaps, order_without_each, rule_values
from reportgen.analysis.runtime_arrays import evaluations_to
from reportgen.results.manifest import OptimizerInfo
from reportgen.results.results_info import ResultsInfo
from reportgen.results.schema import hit_column

CHOSEN_RATE = 1.0
"""Stands for the learning rate of the chosen trials, which differ from start to start and from base to head."""


def retuned(base: ResultsInfo, head: ResultsInfo) -> list[str]:
    """Labels of the optimizers that were tuned in both, with the same number of trials, over other ranges."""
    before = {info.label: info for info in base.optimizers if info.learning_rate_search}
    return [
        info.label
        for info in head.optimizers
        if info.label in before and _differs(before[info.label], info) and _trials(before[info.label]) == _trials(info)
    ]


def _differs(base: OptimizerInfo, head: OptimizerInfo) -> bool:
    return _searches(base) != _searches(head)


def _searches(info: OptimizerInfo) -> list[object]:
    """What tuning tried, without the sources of the ranges."""
    searches = [info.learning_rate_search, *(item.search for item in info.hyperparameters)]
    return [each and replace(each, source="") for each in searches]


def _trials(info: OptimizerInfo) -> int:
    return len(info.learning_rates)


def with_chosen_trials(keys: pd.DataFrame, runs: pd.DataFrame, targets: Sequence[float]) -> pd.DataFrame:
    """The runs of optimizers that are compared: each start at the trial that the other starts choose.

    Args:
        keys: loss, optimizer, learning_rate, start and seed of the runs, and other columns.
        runs: the same runs, with what the choice needs.
        targets: shares of a gap.

    Returns:
        Some rows of ``keys``, with ``CHOSEN_RATE`` as the learning rate.
    """
    kept = [*_chosen(runs, targets)]
    rows = np.sort(np.concatenate(kept)) if kept else np.empty(0, int)
    return keys.iloc[rows].assign(learning_rate=CHOSEN_RATE)


def _chosen(runs: pd.DataFrame, targets: Sequence[float]) -> Iterator[Array]:
    """The places of the chosen runs of each optimizer on each loss."""
    hits = sum(runs[hit_column(target)].notna().to_numpy(int) for target in targets)
    spent = evaluations_to(runs, min(targets))
    rule = rule_values(np.asarray(hits), np.where(np.isnan(spent), np.inf, spent), final_gaps(runs))
    for places in runs.groupby(["loss", "optimizer"], sort=False, observed=True).indices.values():
        part = runs.iloc[places]
        rates, rate = np.unique(part["learning_rate"].to_numpy(float), return_inverse=True)
        starts, start = np.unique(part["start"].to_numpy(int), return_inverse=True)
        cell, shape = rate * len(starts) + start, (len(rates), len(starts))
        sums = np.stack([np.bincount(cell, each[places], len(rates) * len(starts)).reshape(shape) for each in rule])
        best = order_without_each(sums)[:, -1]
        yield places[rate == best[start]]
