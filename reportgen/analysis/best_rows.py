"""What the terminal shows of results: each optimizer's best configuration on each loss, and why runs failed."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.rate_rule import RULE
from reportgen.results.files import read_json, write_json
from reportgen.results.manifest import find_manifest

if TYPE_CHECKING:
    import pandas as pd

FILE = "best.json"
"""Its name in the results folder. From it, a build that has nothing to do shows the results without opening a table."""


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


@dataclass(frozen=True)
class BestRows:
    """The best configurations as they are stored."""

    runs: str
    """SHA-256 of the table of runs that they belong to."""
    rows: tuple[BestRow, ...]


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
    import pandas as pd

    from reportgen.results.result_tables import read_run_batches

    columns = ["cell_id", "loss", "optimizer", "outcome", "reason"]
    batches = [runs[runs["outcome"] == "failed"].astype(str) for runs in read_run_batches(folder, columns, "cell_id")]
    failed = pd.concat(batches).drop_duplicates(["cell_id", "reason"])
    return [
        FailedCells(len(cells), tuple(cells["optimizer"].unique()), tuple(cells["loss"].unique()), str(reason))
        for reason, cells in failed.groupby("reason", sort=False)
    ]


def write_best_rows(folder: Path, rows: Sequence[BestRow]) -> None:
    """Store the best configurations of the complete results in ``folder``."""
    write_json(folder / FILE, asdict(BestRows(_digest_of_runs(folder), tuple(rows))))


def read_best_rows(folder: Path) -> tuple[BestRow, ...]:
    """The stored best configurations; empty if they are missing, damaged, or those of other results."""
    content: Any = read_json(folder / FILE)
    try:
        stored = TypeAdapter(BestRows).validate_python(content)
    except ValidationError:
        return ()
    return stored.rows if stored.runs and stored.runs == _digest_of_runs(folder) else ()


def _digest_of_runs(folder: Path) -> str:
    manifest = find_manifest(folder)
    return manifest.files["runs.parquet"].sha256 if manifest and "runs.parquet" in manifest.files else ""
