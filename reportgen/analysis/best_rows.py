"""What the terminal shows of results: each optimizer's best configuration on each loss, and why runs failed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.rate_rule import RULE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BestRow:
    """The best configuration of an optimizer on one loss."""

    loss: str
    optimizer: str
    custom: bool
    """Whether the optimizer is not built in."""
    learning_rate: float
    solved: int
    """Number of its runs that were solved."""
    failed: int
    """Number of its runs that failed."""
    runs: int
    gap: float | None
    """Median final gap; None if it is not finite."""
    steps: float | None
    """Median steps to the tightest target; None unless most runs hit it."""


@dataclass(frozen=True)
class FailedCells:
    """Configurations with runs that failed for the same reason."""

    configurations: int
    optimizers: tuple[str, ...]
    losses: tuple[str, ...]
    reason: str


def best_rows(cells: pd.DataFrame, custom: Collection[str]) -> list[BestRow]:
    """The best configuration of each optimizer on each loss: losses in the order of ``cells``, in each the best first.

    Args:
        cells: a table made by ``cell_table``.
        custom: labels of the optimizers that are not built in.
    """
    best = best_cells(cells)
    place = best["loss"].map({label: at for at, label in enumerate(best["loss"].unique())})
    ordered = best.assign(place=place).sort_values(
        ["place", *RULE], ascending=[True] + [False] * len(RULE), kind="stable"
    )
    return [
        BestRow(
            loss=row["loss"],
            optimizer=row["optimizer"],
            custom=row["optimizer"] in custom,
            learning_rate=row["learning_rate"],
            solved=row["solved"],
            failed=row["failed"],
            runs=row["runs"],
            gap=_finite(row["gap_median"]),
            steps=_finite(row["steps_to_target"]),
        )
        for row in ordered.to_dict("records")
    ]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def failed_cells(folder: Path) -> list[FailedCells]:
    """Each reason for failed runs of a results folder once, with the configurations that it concerns."""
    from reportgen.results.result_tables import read_run_batches

    return failed_cells_of_batches(read_run_batches(folder, FAILURE_COLUMNS, "cell_id"))


FAILURE_COLUMNS = ["cell_id", "loss", "optimizer", "outcome", "reason"]
"""The columns of runs that ``failed_cells_of_batches`` needs."""


def failed_cells_of_batches(batches: Iterable[pd.DataFrame]) -> list[FailedCells]:
    """The same from batches of runs."""
    import pandas as pd

    of_failed = [runs[runs["outcome"] == "failed"].astype(str) for runs in batches]
    failed = pd.concat(of_failed).drop_duplicates(["cell_id", "reason"])
    return [
        FailedCells(len(cells), tuple(cells["optimizer"].unique()), tuple(cells["loss"].unique()), str(reason))
        for reason, cells in failed.groupby("reason", sort=False)
    ]
