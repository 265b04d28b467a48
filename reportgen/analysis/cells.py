"""The table of configurations: outcomes, quartiles of the final gap and steps to each target, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.outcomes import SYMBOLS, is_lost
from reportgen.analysis.rate_rule import RULE, final_gaps, rule_values
from reportgen.analysis.runtime_arrays import evaluations_to
from reportgen.results.schema import evaluations_column, hit_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]


def cell_table(
    runs: pd.DataFrame, targets: Sequence[float], losses: Sequence[str], optimizers: Sequence[str]
) -> pd.DataFrame:
    """One row per configuration, sorted by loss, optimizer and learning rate; failed ones are included.

    Columns: cell_id, loss, optimizer, learning_rate, runs; a count for each outcome; ``left_target``, the number of
    runs that were within the tightest target and left it again; ``hit_rate``, the share of (start, target) pairs hit;
    ``gap_low``, ``gap_median``, ``gap_high``, the quartiles of the final gap, in which a lost run counts as infinite;
    ``loss_median``, the median final loss, likewise;
    for each target the median step of its hit (``hit_...``, infinite unless most runs hit it), and the one of the
    tightest target again as ``steps_to_target``; the means of the criteria of ``rate_rule``, by which the best learning
    rate is chosen.

    Quantiles are order statistics without interpolation; of two middle values the worse one.

    Args:
        runs: the runs, with the columns in ``COLUMNS`` and those of the targets.
        targets: shares of a gap.
        losses: labels in the order of the rows.
        optimizers: labels in the order of the rows.
    """
    import pandas as pd

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
    gaps = final_gaps(runs)
    table = table.assign(**_quartiles(gaps, code, len(ids)))
    final = np.where(is_lost(runs), np.inf, _floats(runs["final_loss"]))
    table["loss_median"] = order_statistic(final, code, len(ids), 0.5)
    # One target at a time bounds the memory for millions of runs.
    hits, middle = np.zeros(len(code), int), {}
    for target in sorted(targets, reverse=True):
        steps = _floats(runs[hit_column(target)])
        hit = ~np.isnan(steps)
        hits += hit
        steps[~hit] = np.inf
        middle[hit_column(target)] = order_statistic(steps, code, len(ids), 0.5)
    table["left_target"] = np.bincount(code[runs["left_target"].to_numpy(bool, na_value=False)], minlength=len(ids))
    table["hit_rate"] = np.bincount(code, hits, len(ids)) / (size * len(targets))
    table = table.assign(**{hit_column(target): middle[hit_column(target)] for target in targets})
    table["steps_to_target"] = table[hit_column(min(targets))]
    spent = evaluations_to(runs, min(targets))
    spent[np.isnan(spent)] = np.inf
    for name, values in zip(RULE, rule_values(hits, spent, gaps), strict=True):
        table[name] = np.bincount(code, values, len(ids)) / size
    return _in_order(table, losses, optimizers)


def cell_table_of_batches(
    batches: Iterable[pd.DataFrame], targets: Sequence[float], losses: Sequence[str], optimizers: Sequence[str]
) -> pd.DataFrame:
    """The same from batches of runs that never split a configuration."""
    import pandas as pd

    tables = [cell_table(runs, targets, losses, optimizers) for runs in batches]
    return _in_order(pd.concat(tables, ignore_index=True), losses, optimizers)


def columns_of_cells(targets: Sequence[float]) -> list[str]:
    """The columns of runs that ``cell_table`` needs."""
    return [*COLUMNS, *map(hit_column, targets), evaluations_column(min(targets))]


COLUMNS = (
    *("cell_id", "loss", "optimizer", "learning_rate", "outcome", "gap", "left_target"),
    *("steps", "gradient_evaluations", "final_loss"),
)
"""The columns of runs that ``cell_table`` needs, besides those of the targets."""


def factorize(column: pd.Series[str]) -> tuple[Array, list[str]]:
    """Codes of the strings in a column, int [rows], and the strings that they stand for, without copying any."""
    import pandas as pd

    if not isinstance(column.dtype, pd.CategoricalDtype):
        plain, names = pd.factorize(column.astype(str))
        return plain, names.tolist()
    code = column.cat.codes.to_numpy()
    there = np.bincount(code, minlength=len(column.cat.categories)) > 0
    return (np.cumsum(there) - 1)[code], column.cat.categories[there].astype(str).tolist()


def order_statistic(values: Array, group: Array, groups: int, quantile: float) -> Array:
    """The ``quantile`` of the values in each group, float [groups]: one of the values, the larger one of two.

    Args:
        values: float [n].
        group: the group of each value, int [n] from 0 to ``groups`` - 1; no group is empty.
        groups: the number of groups.
        quantile: from 0 to 1.
    """
    size = np.bincount(group, minlength=groups)
    if (size == size[0]).all() and (np.diff(group) >= 0).all():
        # Results of a single program look like this. The shortcut saves seconds with millions of runs.
        rank = int(np.ceil(quantile * (size[0] - 1)))
        ranked: Array = np.partition(values.reshape(groups, -1), rank, axis=1)[:, rank]
        return ranked
    order = np.lexsort((values, group))
    begin = np.cumsum(size) - size
    picked: Array = values[order][begin + np.ceil(quantile * (size - 1)).astype(int)]
    return picked


def _quartiles(gaps: Array, code: Array, groups: int) -> dict[str, Array]:
    wanted = {"gap_low": 0.25, "gap_median": 0.5, "gap_high": 0.75}
    return {name: order_statistic(gaps, code, groups, quantile) for name, quantile in wanted.items()}


def _floats(column: pd.Series[Any]) -> Array:
    """A copy of a column as floats; missing numbers become NaN."""
    floats: Array = np.array(column.to_numpy(dtype=float, na_value=np.nan))
    return floats


def _in_order(table: pd.DataFrame, losses: Sequence[str], optimizers: Sequence[str]) -> pd.DataFrame:
    loss, optimizer = (
        table[column].map({label: place for place, label in enumerate(labels)})
        for column, labels in (("loss", losses), ("optimizer", optimizers))
    )
    order = np.lexsort((table["learning_rate"], optimizer, loss))
    return table.iloc[order].reset_index(drop=True)


@dataclass(frozen=True)
class CellRow:
    """One row of the table of configurations."""

    cell_id: str
    loss: str
    optimizer: str
    learning_rate: float
    runs: int
    outcomes: Mapping[str, int]
    """Runs by outcome, zeros included, from best to worst."""
    left_target: int
    """Runs that were within the tightest target and left it again."""
    hit_rate: float
    """Share of (start, target) pairs hit."""
    gap_low: float
    gap_median: float
    gap_high: float
    """Quartiles of the final gap; infinite for runs that escaped, diverged or failed."""
    loss_median: float
    """Median final loss, likewise."""
    median_hits: tuple[float, ...]
    """For each target the median step of its hit, infinite unless most runs hit it."""
    steps_to_target: float
    """The same for the tightest target."""

    @property
    def solved(self) -> int:
        """Runs that were solved."""
        return self.outcomes["solved"]

    @property
    def diverged(self) -> int:
        """Runs that diverged."""
        return self.outcomes["diverged"]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return self.outcomes["failed"]

    @property
    def sort_key(self) -> tuple[float, float]:
        """Sorts the configurations of one loss, the best first."""
        return -self.hit_rate, self.gap_median


def cell_rows(table: pd.DataFrame, targets: Sequence[float]) -> list[CellRow]:
    """The rows of a table made by ``cell_table`` for these ``targets``."""
    return [
        CellRow(
            cell_id=row["cell_id"],
            loss=row["loss"],
            optimizer=row["optimizer"],
            learning_rate=row["learning_rate"],
            runs=row["runs"],
            outcomes={outcome: row[outcome] for outcome in SYMBOLS},
            left_target=row["left_target"],
            hit_rate=row["hit_rate"],
            gap_low=row["gap_low"],
            gap_median=row["gap_median"],
            gap_high=row["gap_high"],
            loss_median=row["loss_median"],
            median_hits=tuple(row[hit_column(target)] for target in targets),
            steps_to_target=row["steps_to_target"],
        )
        for row in table.to_dict("records")
    ]
