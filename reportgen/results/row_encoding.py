"""Converts the arrays of a program to rows of the result files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.engine.outcome import judge
from reportgen.engine.result import NEVER, Array, Grid, ProgramResult, Spent
from reportgen.failure import Failure
from reportgen.loss import Loss
from reportgen.plan import Cell, FloatArray, IntArray, Program
from reportgen.results.schema import GRIDS, PATHS, TRACES, evaluations_column, hit_column, runs_schema

BoolArray = npt.NDArray[np.bool_]


def encode_runs(program: Program, loss: Loss, result: ProgramResult) -> pa.Table:
    """Return the rows of ``runs.parquet`` for the runs of a result.

    Args:
        program: the program of the runs.
        loss: its loss.
        result: some or all runs of the program.
    """
    settings = program.settings
    outcomes, reasons = judge(result, loss, settings)
    columns = result.columns
    final_loss = columns["final_loss"].astype(float)
    rows = _planned_columns(program, result.runs) | {
        "outcome": outcomes,
        "reason": reasons,
        "steps": columns["steps"],
        "gradient_evaluations": columns["gradient_evaluations"],
        "first_unchanged": _nullable(columns["first_unchanged"]),
        "diverged_at": _nullable(columns["diverged_at"]),
        "initial_loss": columns["initial_loss"].astype(float),
        "final_loss": final_loss,
        "best_loss": columns["best_loss"].astype(float),
        "best_step": columns["best_step"],
        "left_target": _left_target(program, loss, result) & (outcomes != "escaped"),
        "scale": columns["scale"],
        "final_gradient_norm": columns["final_gradient_norm"].astype(float),
        "final_x": _lists(result.final_x),
        "distance": _distance(result.final_x, loss),
        "gap": final_loss - loss.minimum,
    }
    for target, steps in zip(settings.targets, result.hits, strict=True):
        rows[hit_column(target)] = _nullable(np.where(outcomes == "escaped", NEVER, steps))
    if result.spent:
        for target, evaluations in zip(settings.targets, result.spent.at_hits, strict=True):
            is_hit = pc.is_valid(rows[hit_column(target)]).to_numpy(zero_copy_only=False)
            rows[evaluations_column(target)] = pa.array(evaluations, pa.int64(), mask=~is_hit)
    return _table(rows, runs_schema(settings.targets), len(result.runs))


def _left_target(program: Program, loss: Loss, result: ProgramResult) -> BoolArray:
    """Whether each run was within the tightest target at some step, but not at its end, bool [runs]."""
    columns, tightest = result.columns, min(program.settings.targets)
    level = (loss.minimum + tightest * columns["scale"]).astype(program.settings.dtype)
    ends_within = (columns["final_loss"] <= level) & (columns["diverged_at"] == NEVER)
    left: BoolArray = (columns["best_loss"] <= level) & ~ends_within
    return left


def encode_failed_runs(program: Program, runs: IntArray, failure: Failure) -> pa.Table:
    """Return the rows of ``runs.parquet`` for runs that could not be run.

    Args:
        program: the program of the runs.
        runs: run numbers, int64 [runs].
        failure: the reason.
    """
    outcome = {"outcome": ["failed"] * len(runs), "reason": [failure.reason] * len(runs)}
    rows = _planned_columns(program, runs) | outcome
    return _table(rows, runs_schema(program.settings.targets), len(runs))


def encode_traces(program: Program, result: ProgramResult) -> pa.Table:
    """Return the rows of ``traces.parquet`` for the runs of a result, from step 0 to the last finite position."""
    columns = result.columns
    coordinates = result.trace_x.shape[1]
    x0 = _start_points(program, result.runs)[:, :coordinates]
    steps, stored = _trace_steps(result, columns["last_finite"])
    loss = _with_ends(columns["initial_loss"], result.trace_loss.T, columns["final_loss"])
    norm = _with_ends(columns["initial_gradient_norm"], result.trace_gradient_norm.T, columns["final_gradient_norm"])
    x = _with_ends(x0, np.moveaxis(result.trace_x, 2, 0), result.final_x[:, :coordinates])
    rows = {
        "run_id": _repeated_run_ids(program, result.runs, stored),
        "step": steps[stored],
        "gradient_evaluations": None if result.spent is None else _trace_evaluations(result.spent)[stored],
        "loss": loss[stored].astype(float),
        "gradient_norm": norm[stored].astype(float),
        "x": _lists(x[stored]),
    }
    return _table(rows, TRACES, int(stored.sum()))


def _trace_evaluations(spent: Spent) -> IntArray:
    """Gradient evaluations until the points of ``_trace_steps``, [runs, points + 2]."""
    return _with_ends(np.zeros_like(spent.total), spent.sampled.T, spent.at_end)


def encode_paths(program: Program, result: ProgramResult) -> pa.Table:
    """Return the rows of ``paths.parquet``: all coordinates of the runs in ``result.shown``, at the steps of traces."""
    indices = result.shown
    if not len(indices):
        return PATHS.empty_table()
    steps, stored = _trace_steps(result, result.columns["last_finite"][indices])
    runs = result.runs[indices]
    x = _with_ends(_start_points(program, runs), result.paths.transpose(2, 0, 1), result.final_x[indices])
    rows = {"run_id": _repeated_run_ids(program, runs, stored), "step": steps[stored], "x": _lists(x[stored])}
    return _table(rows, PATHS, int(stored.sum()))


def _start_points(program: Program, runs: IntArray) -> FloatArray:
    """The positions at which runs start, float64 [runs, dim]."""
    _, start, _ = program.unravel_runs(runs)
    return program.start_points[start]


def _trace_steps(result: ProgramResult, last_finite: Array) -> tuple[IntArray, BoolArray]:
    """Steps of the start, the samples and the last position, and whether each is stored; both [runs, points + 2]."""
    last = np.maximum(last_finite, 0)
    sampled = np.broadcast_to(result.trace_steps, (len(last), len(result.trace_steps)))
    steps = _with_ends(np.zeros_like(last), sampled, last)
    stored = steps <= last[:, np.newaxis]
    # The last position is a sample as well, unless the run diverged between two samples.
    stored[:, -1] = ~(steps[:, :-1] == last[:, np.newaxis]).any(axis=1)
    return steps, stored


def encode_grid(label: str, grid: Grid | None) -> pa.Table:
    """Return the row of ``grids.parquet`` for a loss; no row if it has no grid.

    Args:
        label: the label of the loss.
        grid: its values; None if it cannot be drawn.
    """
    if grid is None:
        return GRIDS.empty_table()
    row: dict[str, Any] = {"loss": label, "x": grid.x, "y": grid.y, "values": grid.values.ravel().astype(float)}
    if grid.plane:
        row |= {"origin": grid.plane.origin, "directions": grid.plane.directions.ravel(), "share": grid.plane.share}
    return pa.Table.from_pylist([row], schema=GRIDS)


def run_ids(program: Program, runs: IntArray) -> pa.Array:
    """Return the ids of runs, strings [runs], from run numbers, int64 [runs]."""
    cell, start, seed = program.unravel_runs(runs)
    numbers = program.start_numbers[start]
    cell_ids = _CellColumns(program, cell).column(lambda each: each.cell_id).dictionary_decode()
    parts = (cell_ids, "/start=", numbers, "/seed=", seed)
    texts = [part if isinstance(part, str) else pc.cast(pa.array(part), pa.string()) for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _repeated_run_ids(program: Program, runs: IntArray, stored: BoolArray) -> pa.DictionaryArray:
    """The id of the run of each stored point; ``stored`` is [runs, points + 2]."""
    return pa.DictionaryArray.from_arrays(np.nonzero(stored)[0].astype(np.int32), run_ids(program, runs))


def _planned_columns(program: Program, runs: IntArray) -> dict[str, Any]:
    """The columns that are known before a run."""
    cell, start, seed = program.unravel_runs(runs)
    cells = _CellColumns(program, cell)
    points = _start_points(program, runs)
    dim = points.shape[1] or program.dim
    return {
        "run_id": run_ids(program, runs),
        "cell_id": cells.column(lambda each: each.cell_id),
        "loss": cells.column(lambda _: program.loss),
        "dim": None if dim is None else np.full(len(runs), dim),
        "optimizer": cells.column(lambda each: each.optimizer),
        "family": cells.column(lambda _: program.family),
        "hyperparameters": cells.column(lambda each: json.dumps(dict(each.hyperparameters), sort_keys=True)),
        "learning_rate": np.array([each.learning_rate for each in program.cells])[cell],
        "start": program.start_numbers[start],
        "seed": seed,
        "x0": _lists(points),
    }


class _CellColumns:
    """Columns of runs that depend on the cell alone. There are far fewer cells than runs."""

    def __init__(self, program: Program, cell: IntArray) -> None:
        """``cell`` is the index of the cell of each run, int64 [runs]."""
        used, self._cell_of_run = np.unique(cell, return_inverse=True)
        self._cells = [program.cells[index] for index in used.tolist()]

    def column(self, text: Callable[[Cell], str]) -> pa.DictionaryArray:
        """The text of the cell of each run."""
        texts = [text(cell) for cell in self._cells]
        codes = {each: code for code, each in enumerate(dict.fromkeys(texts))}
        return pa.DictionaryArray.from_arrays(
            np.array([codes[each] for each in texts], np.int32)[self._cell_of_run], list(codes)
        )


def _table(rows: Mapping[str, Any], schema: pa.Schema, length: int) -> pa.Table:
    arrays = []
    for field in schema:
        values = rows.get(field.name)
        if values is None:
            arrays.append(pa.nulls(length, field.type))
        elif isinstance(values, pa.Array):
            arrays.append(values.cast(field.type))
        elif pa.types.is_dictionary(field.type):
            arrays.append(pa.array(values, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(values, field.type))
    return pa.table(arrays, schema=schema)


def _nullable(steps: Array) -> pa.Array:
    return pa.array(steps, pa.int32(), mask=steps == NEVER)


def _lists(rows: Array) -> pa.Array:
    """A column of lists from an array [rows, length]."""
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(rows, float).ravel()))


def _with_ends(first: Array, sampled: Array, last: Array) -> Array:
    """Values at the start, the samples and the last position: [runs, ...], [runs, points, ...], [runs, ...] joined."""
    return np.concatenate([first[:, np.newaxis], sampled, last[:, np.newaxis]], axis=1)


def _distance(x: Array, loss: Loss) -> FloatArray:
    """Euclidean distance of each row of ``x`` [runs, dim] to the nearest known minimizer; NaN if none is known."""
    if not loss.minima:
        return np.full(len(x), np.nan)
    differences = x[:, np.newaxis].astype(float) - np.array(loss.minima)
    distances: FloatArray = np.hypot.reduce(differences, axis=2).min(axis=1)
    return distances
