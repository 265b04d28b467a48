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
from reportgen.results.run_checks import RunKeys
from reportgen.results.table_columns import Codes, check_no_nulls, check_numbers, list_lengths

IntArray = npt.NDArray[np.int64]

_RUN_ID = r"^(?P<cell>(?s:.*))/start=(?P<start>0|[1-9][0-9]{0,8})/seed=(?P<seed>0|[1-9][0-9]{0,8})$"
PLANE = 2
"""Coordinates that a trace stores at most."""
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class Trajectories:
    """The trajectories in a table, in ascending order of their runs."""

    runs: IntArray
    """Places in ``RunKeys.keys``, int64 [trajectories]."""
    points: IntArray
    """Number of rows, int64 [trajectories]."""
    steps: IntArray
    """Sum of the steps, int64 [trajectories]."""


class TrajectoryChecks:
    """Checks a table of trajectories, one piece after another."""

    def __init__(self, path: Path, keys: RunKeys, coordinates: IntArray, most_steps: int) -> None:
        """Check nothing yet.

        Args:
            path: the table, for messages.
            keys: the runs.
            coordinates: how many coordinates a row of each cell has, by code.
            most_steps: the largest step.
        """
        self._path = path
        self._keys = keys
        self._coordinates = coordinates
        self._most_steps = most_steps
        self._found: list[tuple[IntArray, IntArray, IntArray]] = [(_NOTHING, _NOTHING, _NOTHING)]
        """Of each piece: runs, points and sums of steps, in the order of the table."""
        self._last = (-1, -1)
        """Run and step of the last row."""

    def add(self, table: pa.Table) -> list[int]:
        """Check the next rows; return the codes of their cells.

        Raises:
            NotResultsError: a row is wrong.
        """
        path = self._path
        for name in ("run_id", "step", "x"):
            check_no_nulls(path, name, table[name])
        check_numbers(path, "step", table["step"], 0, self._most_steps)
        if not len(table):
            return []
        run, cell = _runs(path, table["run_id"], self._keys)
        wrong = list_lengths(path, "x", table["x"]) != self._coordinates[cell]
        if wrong.any():
            expected = self._coordinates[cell][np.argmax(wrong)]
            raise NotResultsError(f"{path}: column x: found another number of coordinates; expected {expected}")
        self._add_steps(run, table["step"].to_numpy().astype(np.int64))
        return [int(code) for code in np.unique(cell)]

    def _add_steps(self, run: IntArray, step: IntArray) -> None:
        """Check that the steps of each run ascend from 0, and keep what ``finish`` needs of them."""
        before_run, before = np.append(self._last[0], run[:-1]), np.append(self._last[1], step[:-1])
        self._last = (int(run[-1]), int(step[-1]))
        is_first = run != before_run
        if step[is_first].any():
            found = step[is_first].max()
            raise NotResultsError(f"{self._path}: column step: found {found} in the first row of a run; expected 0")
        if not ((step > before) | is_first).all():
            raise NotResultsError(
                f"{self._path}: column step: found a step that is not above the one before; expected ascending steps"
            )
        begins = np.flatnonzero(is_first)
        if not len(begins) or begins[0]:  # the first rows continue the last run of the piece before
            begins = np.append(0, begins)
        points = np.diff(np.append(begins, len(run)))
        self._found.append((np.where(is_first[begins], run[begins], -1), points, np.add.reduceat(step, begins)))

    def finish(self) -> Trajectories:
        """Return all trajectories.

        Raises:
            NotResultsError: the rows of a run are in two places.
        """
        run, points, steps = map(np.concatenate, zip(*self._found, strict=True))
        begins = np.flatnonzero(run >= 0)
        if not len(begins):
            return Trajectories(_NOTHING, _NOTHING, _NOTHING)
        run, points, steps = run[begins], np.add.reduceat(points, begins), np.add.reduceat(steps, begins)
        order = np.argsort(run, kind="stable")
        runs = run[order]
        if (runs[1:] == runs[:-1]).any():
            raise NotResultsError(
                f"{self._path}: column run_id: found a run in two places; expected its rows next to each other"
            )
        return Trajectories(runs, points[order], steps[order])


def check_same_steps(folder: Path, traced: Trajectories, pathed: Trajectories) -> None:
    """Raise NotResultsError if a path in ``folder`` has other steps than the trace of the run."""
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


def check_values(path: Path, traces: pa.Table) -> None:
    """Raise NotResultsError if a value in some rows of traces is wrong.

    The start may have any loss; at later steps a trace is finite. Norms may exceed the range of numbers.
    """
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
