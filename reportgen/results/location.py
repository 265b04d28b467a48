"""Finds results at a path: a results folder, a report that contains one, or a table of runs."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.results.errors import NotResultsError, shown
from reportgen.results.files import MANIFEST, RUNS, TABLES
from reportgen.results.limits import check_size
from reportgen.results.manifest import (
    DeviceInfo,
    HyperparameterInfo,
    LossInfo,
    OptimizerInfo,
    ProgramEntry,
)
from reportgen.results.results_info import ResultsInfo
from reportgen.results.run_checks import check_stored_runs
from reportgen.results.schema import hit_column, runs_schema
from reportgen.results.table_columns import read_schema
from reportgen.results.table_digests import read_whole_manifest

_HIT_PREFIX = "hit_"


@dataclass(frozen=True)
class ResultsLocation:
    """Results at a path that the user gave."""

    name: str
    """As the user wrote it."""
    runs: Path
    """The file of the table of runs."""
    info: ResultsInfo
    """The manifest, or what is known from the table of runs alone."""
    folder: Path | None
    """The results folder; None if there is only a table of runs."""


@dataclass(frozen=True)
class RunsInfo:
    """What is known from a table of runs without a manifest. None: unknown."""

    steps: int
    """Steps of the longest run."""
    targets: tuple[float, ...]
    """Shares of a gap."""
    losses: tuple[LossInfo, ...]
    optimizers: tuple[OptimizerInfo, ...]
    noisy_losses: frozenset[str]
    """Labels of the losses with several seeds."""
    title: str = ""
    reportgen: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    dtype: str | None = None
    target_scale: str | None = None
    judged_by: str | None = None
    gradient_tolerance: float | None = None
    random_starts: int | None = None
    device: DeviceInfo | None = None
    programs: tuple[ProgramEntry, ...] = ()


def locate(path: Path) -> ResultsLocation:
    """Return the results at ``path`` after a check of the runs.

    Raises:
        NotResultsError: there are none, or they cannot be read.
    """
    folder = results_folder(path)
    if folder is None:
        targets = _read_targets(path)
        check_stored_runs(path, targets, None)
        return ResultsLocation(str(path), path, _read_info(path, targets), None)
    manifest = read_whole_manifest(folder)
    check_stored_runs(folder / RUNS, manifest.targets, manifest)
    return ResultsLocation(str(path), folder / RUNS, manifest, folder)


def results_folder(path: Path) -> Path | None:
    """Return the complete results folder at ``path``; None if it is a table of runs outside of one.

    Raises:
        NotResultsError: there are no results.
    """
    if not path.exists():
        raise NotResultsError(f"{path}: not found; expected a results folder, a report or a {RUNS}")
    if path.is_file():
        complete = path.name == RUNS and all((path.parent / name).is_file() for name in (MANIFEST, *TABLES))
        return path.parent if complete else None
    folder = path / "results" if (path / "results" / MANIFEST).is_file() else path
    missing = [name for name in (MANIFEST, *TABLES) if not (folder / name).is_file()]
    if missing == [MANIFEST, *TABLES]:
        raise NotResultsError(f"{path}: holds no results; expected a {MANIFEST} in it or in its folder results")
    if missing:
        raise NotResultsError(f"{folder}: the results are incomplete; missing {', '.join(missing)}")
    return folder


def _read_targets(path: Path) -> tuple[float, ...]:
    """The targets of a table of runs, from its columns. Raises NotResultsError for any other file."""
    check_size(path)
    names = read_schema(path).names
    missing = [name for name in runs_schema(()).names if name not in names]
    if missing:
        raise NotResultsError(f"{path}: not a table of runs; missing column {', '.join(missing[:4])}")
    return tuple(_target(path, name) for name in names if name.startswith(_HIT_PREFIX))


def _target(path: Path, column: str) -> float:
    try:
        target = float(column.removeprefix(_HIT_PREFIX))
    except ValueError:
        target = math.nan
    if not 0 < target < 1 or hit_column(target) != column:
        raise NotResultsError(f"{path}: found a column {shown(column)}; expected a target such as {hit_column(0.1)}")
    return target


def _read_info(path: Path, targets: tuple[float, ...]) -> RunsInfo:
    columns = ["loss", "dim", "optimizer", "hyperparameters", "steps", "final_loss", "gap", "seed"]
    table = pq.read_table(path, columns=columns)
    labels = table["loss"].cast(pa.string())
    parts = {label: table.filter(pc.equal(labels, label)) for label in pc.unique(labels).to_pylist()}
    return RunsInfo(
        steps=pc.max(table["steps"]).as_py(),
        targets=targets,
        losses=tuple(_loss_info(label, part) for label, part in parts.items()),
        optimizers=_optimizer_infos(table),
        noisy_losses=frozenset(label for label, part in parts.items() if pc.max(part["seed"]).as_py()),
    )


def _loss_info(label: str, runs: pa.Table) -> LossInfo:
    """A loss of a table of runs. Its minimum is final loss minus gap, which is most exact for the smallest gap."""
    gaps, values = (runs[name].to_numpy() for name in ("gap", "final_loss"))
    is_known = np.isfinite(gaps) & np.isfinite(values)
    nearest = int(np.argmin(np.where(is_known, np.abs(gaps), np.inf)))
    minimum = float(values[nearest] - gaps[nearest]) if is_known[nearest] else None
    return LossInfo(label=label, name=label, title=label, dim=pc.max(runs["dim"]).as_py(), minimum=minimum)


def _optimizer_infos(table: pa.Table) -> tuple[OptimizerInfo, ...]:
    pairs = table.select(["optimizer", "hyperparameters"])
    texts = pa.table({name: pairs[name].cast(pa.string()) for name in pairs.column_names})
    rows = texts.group_by("optimizer", use_threads=False).aggregate([("hyperparameters", "first")])
    return tuple(
        OptimizerInfo(
            label=row["optimizer"],
            family=row["optimizer"],
            title=row["optimizer"],
            hyperparameters=tuple(
                HyperparameterInfo(name, value) for name, value in json.loads(row["hyperparameters_first"]).items()
            ),
        )
        for row in rows.to_pylist()
    )
