"""One row a cell: outcomes, quartiles of the final gap, steps to the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.outcomes import SYMBOLS
from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from reportgen.results.result_tables import Results

Array = np.ndarray[Any, np.dtype[Any]]


def cell_table(results: Results) -> pd.DataFrame:
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
    code, ids = factorize(runs["cell_id"])
    size = np.bincount(code, minlength=len(ids))
    first = np.empty(len(ids), int)
    first[code[::-1]] = np.arange(len(code))[::-1]
    table = pd.DataFrame({"cell_id": ids})
    for column in ("loss", "optimizer", "learning_rate"):
        table[column] = runs[column].iloc[first].to_numpy()
    table[["loss", "optimizer"]] = table[["loss", "optimizer"]].astype(str)
    table["runs"] = size
    outcome, outcomes = factorize(runs["outcome"])
    for name in SYMBOLS:
        of_this = outcome == outcomes.index(name) if name in outcomes else np.zeros(len(code), bool)
        table[name] = np.bincount(code[of_this], minlength=len(ids))
    lost = np.isin(outcome, [place for place, name in enumerate(outcomes) if name in ("diverged", "failed")])
    table = table.assign(**_quartiles(_final_gaps(runs, lost), code, len(ids)))
    # A target at a time: of millions of runs all at once would be most of the memory.
    reached, middle = np.zeros(len(ids)), {}
    for target in targets:
        steps = _floats(runs[hit_column(target)])
        hit = ~np.isnan(steps)
        reached += np.bincount(code[hit], minlength=len(ids))
        steps[~hit] = np.inf
        middle[hit_column(target)] = order_statistic(steps, code, len(ids), 0.5)
    table["reached"] = reached / (size * len(targets))
    table = table.assign(**middle)
    table["steps_to_target"] = table[hit_column(min(targets))]
    return _in_order(table, results.manifest)


def stored_cell_table(folder: Path) -> pd.DataFrame:
    """The same from a results folder, some runs at a time: the memory does not depend on how many there are."""
    import pandas as pd

    from reportgen.results.result_tables import Results, read_manifest, read_run_batches

    manifest = read_manifest(folder)
    nothing = pd.DataFrame()
    names = [*COLUMNS, *map(hit_column, manifest["targets"])]
    found = [
        cell_table(Results(runs, nothing, nothing, nothing, manifest))
        for runs in read_run_batches(folder, names, "cell_id")
    ]
    return _in_order(pd.concat(found, ignore_index=True), manifest)


COLUMNS = ("cell_id", "loss", "optimizer", "learning_rate", "outcome", "gap")
"""The columns of runs that ``cells`` looks at, beside those of the targets."""


def factorize(column: pd.Series[Any]) -> tuple[Array, list[str]]:
    """A column of texts as places in a list of those that occur in it, without making a text of each."""
    import pandas as pd

    if not isinstance(column.dtype, pd.CategoricalDtype):
        plain, names = pd.factorize(column.astype(str))
        return plain, names.tolist()
    code = column.cat.codes.to_numpy()
    there = np.bincount(code, minlength=len(column.cat.categories)) > 0
    return (np.cumsum(there) - 1)[code], column.cat.categories[there].astype(str).tolist()


def order_statistic(values: Array, group: Array, groups: int, quantile: float) -> Array:
    """The ``quantile`` of ``values`` in each group (0 .. groups-1, none empty): an actual value, rounded upwards."""
    size = np.bincount(group, minlength=groups)
    if (size == size[0]).all() and (np.diff(group) >= 0).all():
        # As they are in results of a single program: many times faster, which is noticed with millions of runs.
        rank = int(np.ceil(quantile * (size[0] - 1)))
        ranked: Array = np.partition(values.reshape(groups, -1), rank, axis=1)[:, rank]
        return ranked
    order = np.lexsort((values, group))
    begin = np.cumsum(size) - size
    picked: Array = values[order][begin + np.ceil(quantile * (size - 1)).astype(int)]
    return picked


def _final_gaps(runs: pd.DataFrame, lost: Array) -> Array:
    gaps = _floats(runs["gap"])
    return np.where(np.isnan(gaps) | lost, np.inf, gaps)


def _quartiles(gaps: Array, code: Array, groups: int) -> dict[str, Array]:
    wanted = {"gap_low": 0.25, "gap_median": 0.5, "gap_high": 0.75}
    return {name: order_statistic(gaps, code, groups, quantile) for name, quantile in wanted.items()}


def _floats(column: pd.Series[Any]) -> Array:
    """Numbers, NaN where there is none; an array of its own."""
    floats: Array = np.array(column.to_numpy(dtype=float, na_value=np.nan))
    return floats


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
