"""Checks the tables of trajectories: each row belongs to a run, and the steps of a run ascend from 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.results.errors import NotResultsError, shown
from reportgen.results.files import PATHS, TRACES
from reportgen.results.manifest import Manifest
from reportgen.results.run_checks import RunKeys, dims_of
from reportgen.results.table_columns import Codes, check_no_nulls, check_numbers, list_lengths

IntArray = npt.NDArray[np.int64]

_RUN_ID = r"^(?P<cell>(?s:.*))/start=(?P<start>0|[1-9][0-9]{0,8})/seed=(?P<seed>0|[1-9][0-9]{0,8})$"
_PLANE = 2
"""Coordinates that a trace stores at most."""


@dataclass(frozen=True)
class Trajectories:
    """The trajectories in a table, in ascending order of their runs."""

    runs: IntArray
    """Places in ``RunKeys.keys``, int64 [trajectories]."""
    points: IntArray
    """Number of rows, int64 [trajectories]."""
    steps: IntArray
    """Sum of the steps, int64 [trajectories]."""


def check_trajectories(folder: Path, traces: pa.Table, paths: pa.Table, keys: RunKeys, manifest: Manifest) -> None:
    """Check both tables of trajectories.

    Args:
        folder: where the tables are from, for messages.
        traces: the table of traces.
        paths: the table of paths.
        keys: the runs.
        manifest: the losses with their dimensions, and the number of steps.

    Raises:
        NotResultsError: a row is wrong, or a path has other steps than the trace of the run.
    """
    dims = dims_of(manifest.losses)
    dim = np.array([dims.get(label, 0) for label in keys.losses], np.int64)
    traced = _check_table(folder / TRACES, traces, keys, np.minimum(dim, _PLANE), manifest.steps)
    _check_values(folder / TRACES, traces)
    pathed = _check_table(folder / PATHS, paths, keys, dim, manifest.steps)
    at = np.searchsorted(traced.runs, pathed.runs)
    at[at == len(traced.runs)] = 0
    if len(pathed.runs) and not (
        len(traced.runs)
        and (traced.runs[at] == pathed.runs).all()
        and (traced.points[at] == pathed.points).all()
        and (traced.steps[at] == pathed.steps).all()
    ):
        raise NotResultsError(
            f"{folder / PATHS}: found other steps than in {TRACES}; expected the steps of the same run"
        )


def _check_table(path: Path, table: pa.Table, keys: RunKeys, coordinates: IntArray, most_steps: int) -> Trajectories:
    """``coordinates`` is the number of coordinates in each cell, by code."""
    for name in ("run_id", "step", "x"):
        check_no_nulls(path, name, table[name])
    check_numbers(path, "step", table["step"], 0, most_steps)
    if not len(table):
        nothing = np.empty(0, np.int64)
        return Trajectories(nothing, nothing, nothing)
    run, cell = _runs(path, table["run_id"], keys)
    wrong = list_lengths(path, "x", table["x"]) != coordinates[cell]
    if wrong.any():
        expected = coordinates[cell][np.argmax(wrong)]
        raise NotResultsError(f"{path}: column x: found another number of coordinates; expected {expected}")
    step = table["step"].to_numpy()
    begins = np.flatnonzero(np.append(True, run[1:] != run[:-1]))
    if step[begins].any():
        raise NotResultsError(f"{path}: column step: found {step[begins].max()} in the first row of a run; expected 0")
    ascends = np.append(True, step[1:] > step[:-1])
    ascends[begins] = True
    if not ascends.all():
        raise NotResultsError(
            f"{path}: column step: found a step that is not above the one before; expected ascending steps"
        )
    order = np.argsort(run[begins], kind="stable")
    runs = run[begins][order]
    if (runs[1:] == runs[:-1]).any():
        raise NotResultsError(f"{path}: column run_id: found a run in two places; expected its rows next to each other")
    points = np.diff(np.append(begins, len(run)))
    return Trajectories(runs, points[order], np.add.reduceat(step.astype(np.int64), begins)[order])


def _check_values(path: Path, traces: pa.Table) -> None:
    """The start may have any loss; at later steps a trace is finite. Norms may exceed the range of numbers."""
    for name in ("loss", "gradient_norm"):
        if traces[name].null_count and traces[name].null_count < len(traces):
            raise NotResultsError(f"{path}: column {name}: found {traces[name].null_count:,} nulls; expected none")
    check_numbers(path, "gradient_evaluations", traces["gradient_evaluations"], 0, 2**53)
    finite = np.isfinite(traces["loss"].to_numpy()) | (traces["step"].to_numpy() == 0)
    if not finite.all():
        raise NotResultsError(
            f"{path}: column loss: found a value that is not finite; expected finite ones after step 0"
        )
    if any(not np.isfinite(pc.list_flatten(chunk).to_numpy()).all() for chunk in traces["x"].chunks):
        raise NotResultsError(f"{path}: column x: found a value that is not finite; expected positions")


def _runs(path: Path, run_id: pa.ChunkedArray, keys: RunKeys) -> tuple[IntArray, Codes]:
    """The place of the run in ``keys.keys`` and its cell, for each row of a table."""
    run, cell = [], []
    for chunk in run_id.chunks:
        places, cells = _places(path, chunk.dictionary, keys)
        rows = chunk.indices.to_numpy()
        run.append(places[rows])
        cell.append(cells[rows])
    return np.concatenate(run), np.concatenate(cell)


def _places(path: Path, ids: pa.Array, keys: RunKeys) -> tuple[IntArray, Codes]:
    parts = pc.extract_regex(ids, _RUN_ID)
    if parts.null_count:
        raise _unknown_run(path, ids, np.asarray(parts.is_null()))
    names = pc.dictionary_encode(parts.field("cell"))
    known = np.array([keys.cells.get(name, -1) for name in names.dictionary.to_pylist()], np.int32)
    cell = known[names.indices.to_numpy()]
    start, seed = (parts.field(name).cast(pa.int64()).to_numpy() for name in ("start", "seed"))
    key = (cell.astype(np.int64) * keys.spans[0] + start) * keys.spans[1] + seed
    place = np.minimum(np.searchsorted(keys.keys, key), len(keys.keys) - 1)
    unknown = (cell < 0) | (start >= keys.spans[0]) | (seed >= keys.spans[1]) | (keys.keys[place] != key)
    if unknown.any():
        raise _unknown_run(path, ids, unknown)
    return place, cell


def _unknown_run(path: Path, ids: pa.Array, unknown: npt.NDArray[np.bool_]) -> NotResultsError:
    found = shown(ids[int(np.argmax(unknown))].as_py())
    return NotResultsError(f"{path}: column run_id: found {found}; expected the run_id of a run")
