"""One row a cell: outcomes, quartiles of the final gap, steps to the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.outcomes import SYMBOLS
from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.results.read import Results

Array = np.ndarray[Any, np.dtype[Any]]


def cells(results: Results) -> pd.DataFrame:
    """One row for every cell that was asked for, in the order of the manifest, whatever became of it.

    Columns: cell_id, loss, optimizer, learning_rate, runs; a count for each outcome; ``reached``, the share of
    (start, target) pairs that were reached; ``gap_low``, ``gap_median``, ``gap_high``, the quartiles of the final gap,
    where a run that diverged or failed counts as infinite, so that it cannot make its cell look better; for each target
    the median step at which it was reached (``hit_...``, infinite unless most runs reached it), and the last of them
    again as ``steps_to_target``.

    Quantiles are order statistics, without interpolation, and of two middle values the worse one.
    """
    import pandas as pd

    runs, targets = results.runs, results.manifest["targets"]
    code, ids = pd.factorize(runs["cell_id"].astype(str))
    first = np.unique(code, return_index=True)[1]
    table = pd.DataFrame({"cell_id": ids})
    for column in ("loss", "optimizer", "learning_rate"):
        table[column] = runs[column].to_numpy()[first]
    table[["loss", "optimizer"]] = table[["loss", "optimizer"]].astype(str)
    size = np.bincount(code, minlength=len(ids))
    table["runs"] = size
    outcome = runs["outcome"].astype(str).to_numpy()
    for name in SYMBOLS:
        table[name] = np.bincount(code[outcome == name], minlength=len(ids))
    table = table.assign(**_quartiles(_final_gaps(runs, outcome), code, len(ids)))
    hits = np.stack([_floats(runs[hit_column(target)]) for target in targets])
    table["reached"] = _mean(np.isfinite(hits).mean(axis=0), code, size)
    for target, steps in zip(targets, np.where(np.isnan(hits), np.inf, hits), strict=True):
        table[hit_column(target)] = order_statistic(steps, code, len(ids), 0.5)
    table["steps_to_target"] = table[hit_column(min(targets))]
    return _in_order(table, results.manifest)


def order_statistic(values: Array, group: Array, groups: int, quantile: float) -> Array:
    """The ``quantile`` of ``values`` in each group (0 .. groups-1, none empty): an actual value, rounded upwards."""
    order = np.lexsort((values, group))
    size = np.bincount(group, minlength=groups)
    begin = np.cumsum(size) - size
    picked: Array = values[order][begin + np.ceil(quantile * (size - 1)).astype(int)]
    return picked


def _final_gaps(runs: pd.DataFrame, outcome: Array) -> Array:
    gaps = _floats(runs["gap"])
    lost = np.isnan(gaps) | np.isin(outcome, ("diverged", "failed"))
    return np.where(lost, np.inf, gaps)


def _quartiles(gaps: Array, code: Array, groups: int) -> dict[str, Array]:
    wanted = {"gap_low": 0.25, "gap_median": 0.5, "gap_high": 0.75}
    return {name: order_statistic(gaps, code, groups, quantile) for name, quantile in wanted.items()}


def _mean(values: Array, code: Array, size: Array) -> Array:
    mean: Array = np.bincount(code, weights=values, minlength=len(size)) / size
    return mean


def _floats(column: pd.Series[Any]) -> Array:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _in_order(table: pd.DataFrame, manifest: dict[str, Any]) -> pd.DataFrame:
    """Sorted by the places of loss and optimizer in the manifest, then by learning rate."""
    by = {
        column: table[column].map(_places(manifest[column + ("es" if column == "loss" else "s")]))
        for column in ("loss", "optimizer")
    }
    order = np.lexsort((table["learning_rate"], by["optimizer"], by["loss"]))
    return table.iloc[order].reset_index(drop=True)


def _places(facts: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {fact["label"]: place for place, fact in enumerate(facts)}
