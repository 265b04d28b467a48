"""Compares an optimizer with gradient descent on the default matrix. This informs its author and judges nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.engine.result import ProgramResult
from reportgen.execute.program_run import Outcome
from reportgen.failure import Failure
from reportgen.loss import Loss
from reportgen.plan import Plan, Program

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class BaselineEntry:
    """An optimizer at its best learning rate on one loss."""

    optimizer: str
    """Its label."""
    learning_rate: float
    """The best learning rate."""
    solved: int
    """Number of runs that were solved."""
    runs: int
    gap: float | None
    """Median final gap; None if it is infinite."""


@dataclass(frozen=True)
class BaselineRow:
    """One loss."""

    loss: str
    """Its label."""
    optimizers: tuple[BaselineEntry, ...]


def baseline_rows(plan: Plan, outcomes: Iterable[Outcome[ProgramResult]]) -> list[BaselineRow]:
    """Return one row per loss.

    Args:
        plan: the matrix that was run.
        outcomes: its programs with their results.
    """
    import pandas as pd

    from reportgen.analysis.best_cells import best_cells
    from reportgen.analysis.cells import cell_table
    from reportgen.results.pandas_tables import to_pandas

    tables = [_encode(program, plan.losses[program.loss], result) for program, result in outcomes]
    runs = pd.concat([to_pandas(table) for table in tables], ignore_index=True)
    targets = plan.programs[0].settings.targets
    best = best_cells(cell_table(runs, targets, list(plan.losses), list(plan.optimizers)))
    entries: dict[str, list[BaselineEntry]] = {}
    for row in best.to_dict("records"):
        gap = float(row["gap_median"])
        entry = BaselineEntry(
            row["optimizer"], row["learning_rate"], row["solved"], row["runs"], gap if np.isfinite(gap) else None
        )
        entries.setdefault(row["loss"], []).append(entry)
    return [BaselineRow(loss, tuple(of_loss)) for loss, of_loss in entries.items()]


def _encode(program: Program, loss: Loss | Failure, result: ProgramResult | Failure) -> pa.Table:
    """The rows of ``runs.parquet`` for a program."""
    from reportgen.results.row_encoding import encode_failed_runs, encode_runs

    if isinstance(loss, Failure):
        return encode_failed_runs(program, np.arange(program.runs), loss)
    if isinstance(result, Failure):
        return encode_failed_runs(program, np.arange(program.runs), result)
    return encode_runs(program, loss, result)
