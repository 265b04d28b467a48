"""Results by any of their names: a results folder, the site around it, or the table of runs alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.results.files import MANIFEST, RUNS, TABLES
from reportgen.results.result_tables import NotResultsError, read_manifest
from reportgen.results.schema import runs_schema

_HIT = "hit_"


@dataclass(frozen=True)
class ResultsLocation:
    """Where the results are that somebody named."""

    name: str
    """As it was named."""
    runs: Path
    """The table of runs."""
    manifest: dict[str, Any]
    """The manifest, or what the table of runs tells of it; what that does not tell is None."""
    folder: Path | None
    """The results folder, with all tables; None where there is the table of runs alone."""


def locate(path: Path) -> ResultsLocation:
    """The results at ``path``; NotResultsError, in one sentence, where there are none."""
    if not path.exists():
        raise NotResultsError(f"{path}: is not there; a results folder, a report or a {RUNS} is expected")
    if path.is_file():
        return _of_table(path)
    folder = path / "results" if (path / "results" / MANIFEST).is_file() else path
    missing = [name for name in (MANIFEST, *TABLES) if not (folder / name).is_file()]
    if missing == [MANIFEST, *TABLES]:
        raise NotResultsError(f"{path}: holds no results: neither it nor its folder results has a {MANIFEST}")
    if missing:
        raise NotResultsError(f"{folder}: is no whole results folder, {', '.join(missing)} not found in it")
    _checked_columns(folder / RUNS)
    return ResultsLocation(str(path), folder / RUNS, read_manifest(folder), folder)


def _of_table(path: Path) -> ResultsLocation:
    """A table by itself; one that lies in its results folder is that folder."""
    folder = path.parent
    if path.name == RUNS and all((folder / name).is_file() for name in (MANIFEST, *TABLES)):
        _checked_columns(path)
        return ResultsLocation(str(path), path, read_manifest(folder), folder)
    return ResultsLocation(str(path), path, _told_by_runs(path, _checked_columns(path)), None)


def _checked_columns(path: Path) -> list[float]:
    """The targets of a table of runs; NotResultsError where it is none."""
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException):
        raise NotResultsError(f"{path}: is no Parquet file; the {RUNS} of a results folder is expected") from None
    missing = [name for name in runs_schema(()).names if name not in names]
    if missing:
        raise NotResultsError(f"{path}: is no table of runs, it has no column {', '.join(missing[:4])}")
    return [float(name.removeprefix(_HIT)) for name in names if name.startswith(_HIT)]


def _told_by_runs(path: Path, targets: list[float]) -> dict[str, Any]:
    """What can be said of results whose manifest is not there, in the manifest's words."""
    columns = ["loss", "dim", "optimizer", "hyperparameters", "learning_rate", "steps", "final_loss", "gap", "seed"]
    table = pq.read_table(path, columns=columns)
    steps = pc.max(table["steps"]).as_py()
    rates = pc.unique(table["learning_rate"]).to_pylist()
    return {
        "title": "",
        "dtype": None,
        "reportgen": None,
        "versions": {},
        "device": {"description": None},
        "git_commit": None,
        "gradient_tolerance": None,
        "config": {"starts": {"random": None}},
        "learning_rates": sorted(rates),
        "steps": steps,
        "targets": targets,
        "losses": _losses(table),
        "optimizers": _optimizers(table),
        "programs": [],
    }


def _losses(table: pa.Table) -> list[dict[str, Any]]:
    """Label, dim and minimum of each loss: its value is what the gap is counted from."""
    found = []
    for label in pc.unique(table["loss"].cast(pa.string())).to_pylist():
        mine = table.filter(pc.equal(table["loss"].cast(pa.string()), label))
        gaps = mine["gap"].to_numpy()
        # Where the gap is small, taking it from the loss loses no digits.
        nearest = int(np.argmin(np.where(np.isfinite(gaps), np.abs(gaps), np.inf)))
        minimum = mine["final_loss"][nearest].as_py() - gaps[nearest] if np.isfinite(gaps[nearest]) else None
        noise = {"seeds": True} if pc.max(mine["seed"]).as_py() else {}
        dim = pc.max(mine["dim"]).as_py()
        found.append({"label": label, "title": label, "dim": dim, "minimum": minimum, "noise": noise, "minima": []})
    return found


def _optimizers(table: pa.Table) -> list[dict[str, Any]]:
    pairs = table.select(["optimizer", "hyperparameters"])
    texts = pa.table({name: pairs[name].cast(pa.string()) for name in pairs.column_names})
    found = texts.group_by("optimizer", use_threads=False).aggregate([("hyperparameters", "first")])
    return [
        {
            "label": row["optimizer"],
            "hyperparameters": [{"name": k, "value": v} for k, v in json.loads(row["hyperparameters_first"]).items()],
        }
        for row in found.to_pylist()
    ]
