"""From the arrays of a program to the rows of the result files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.engine.outcome import judge
from reportgen.engine.result import NEVER, Array, Grid, ProgramResult
from reportgen.loss import Loss
from reportgen.plan import Cell, Program
from reportgen.results.schema import GRIDS, PATHS, TRACES, hit_column, runs_schema


def encode_runs(program: Program, loss: Loss, result: ProgramResult) -> pa.Table:
    """The rows of ``runs.parquet`` for some runs of a program."""
    settings = program.settings
    outcomes, reasons = judge(result, settings.targets, loss.minimum, settings.gradient_tolerance)
    columns = result.columns
    final_loss = columns["final_loss"].astype(float)
    rows = _asked_for(program, result.runs) | {
        "outcome": outcomes,
        "reason": reasons,
        "steps": columns["steps"],
        "gradient_evaluations": columns["steps"].astype(np.int64) * result.evaluations_per_step,
        "first_unchanged": _nullable(columns["first_unchanged"]),
        "diverged_at": _nullable(columns["diverged_at"]),
        "initial_loss": columns["initial_loss"].astype(float),
        "final_loss": final_loss,
        "best_loss": columns["best_loss"].astype(float),
        "best_step": columns["best_step"],
        "final_gradient_norm": columns["final_gradient_norm"].astype(float),
        "final_x": _lists(result.final_x),
        "distance": _distance(result.final_x, loss),
        "gap": final_loss - loss.minimum,
    }
    for target, steps in zip(settings.targets, result.hits, strict=True):
        rows[hit_column(target)] = _nullable(steps)
    return _table(rows, runs_schema(settings.targets), len(result.runs))


def encode_failed_runs(program: Program, runs: Array, reason: str) -> pa.Table:
    """The rows for runs of a program that could not be run: what was asked for, and why there is nothing else."""
    rows = _asked_for(program, runs) | {"outcome": ["failed"] * len(runs), "reason": [reason] * len(runs)}
    return _table(rows, runs_schema(program.settings.targets), len(runs))


def encode_traces(program: Program, result: ProgramResult) -> pa.Table:
    """The rows of ``traces.parquet`` for some runs: from step 0 to each one's last finite position."""
    columns = result.columns
    plane = result.trace_x.shape[1]
    x0 = _starts(program, result.runs)[:, :plane]
    steps, kept = _kept(result, columns["last_finite"])
    loss = _with_ends(columns["initial_loss"], result.trace_loss.T, columns["final_loss"])
    norm = _with_ends(columns["initial_gradient_norm"], result.trace_gradient_norm.T, columns["final_gradient_norm"])
    x = _with_ends(x0, np.moveaxis(result.trace_x, 2, 0), result.final_x[:, :plane])
    rows = {
        "run_id": pa.DictionaryArray.from_arrays(np.nonzero(kept)[0].astype(np.int32), run_ids(program, result.runs)),
        "step": steps[kept],
        "loss": loss[kept].astype(float),
        "gradient_norm": norm[kept].astype(float),
        "x": _lists(x[kept]),
    }
    return _table(rows, TRACES, int(kept.sum()))


def encode_paths(program: Program, result: ProgramResult) -> pa.Table:
    """The rows of ``paths.parquet``: all coordinates of the runs that can be shown, where their traces are."""
    shown = result.shown
    if not len(shown):
        return PATHS.empty_table()
    steps, kept = _kept(result, result.columns["last_finite"][shown])
    runs = result.runs[shown]
    x = _with_ends(_starts(program, runs), result.paths.transpose(2, 0, 1), result.final_x[shown])
    rows = {
        "run_id": pa.DictionaryArray.from_arrays(np.nonzero(kept)[0].astype(np.int32), run_ids(program, runs)),
        "step": steps[kept],
        "x": _lists(x[kept]),
    }
    return _table(rows, PATHS, int(kept.sum()))


def _starts(program: Program, runs: Array) -> Array:
    """Where some runs begin, [runs, dim]."""
    return np.asarray(program.start_points[program.places(runs)[1]])


def _kept(result: ProgramResult, last_finite: Array) -> tuple[Array, Array]:
    """Steps [runs, points + 2] from the start over the samples to the last position, and which of them are rows."""
    last = np.maximum(last_finite, 0)
    sampled = np.broadcast_to(result.trace_steps, (len(last), len(result.trace_steps)))
    steps = _with_ends(np.zeros_like(last), sampled, last)
    kept = steps <= last[:, np.newaxis]
    # The last position is a sample already, unless the run diverged between two of them.
    kept[:, -1] = ~(steps[:, :-1] == last[:, np.newaxis]).any(axis=1)
    return steps, kept


def encode_grid(label: str, grid: Grid | None) -> pa.Table:
    """The row of ``grids.parquet`` for a loss; none where the loss cannot be drawn."""
    if grid is None:
        return GRIDS.empty_table()
    row: dict[str, Any] = {"loss": label, "x": grid.x, "y": grid.y, "values": grid.values.ravel().astype(float)}
    if grid.plane:
        row |= {"origin": grid.plane.origin, "directions": grid.plane.directions.ravel(), "share": grid.plane.share}
    return pa.Table.from_pylist([row], schema=GRIDS)


def run_ids(program: Program, runs: Array) -> pa.Array:
    """The ids of some runs."""
    cell, start, seed = program.places(runs)
    numbers = program.start_numbers[start]
    ids = _Cells(program, cell).column(lambda each: each.cell_id).dictionary_decode()
    parts = (ids, "/start=", numbers, "/seed=", seed)
    texts = [part if isinstance(part, str) else pc.cast(pa.array(part), pa.string()) for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _asked_for(program: Program, runs: Array) -> dict[str, Any]:
    """The columns that are known before anything is run."""
    cell, start, seed = program.places(runs)
    cells = _Cells(program, cell)
    points = _starts(program, runs)
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


class _Cells:
    """The cells of some runs, of which there are far fewer than runs."""

    def __init__(self, program: Program, cell: Array) -> None:
        """``cell`` is the place of each run's cell."""
        used, self._of_run = np.unique(cell, return_inverse=True)
        self._cells = [program.cells[place] for place in used.tolist()]

    def column(self, text: Callable[[Cell], str]) -> pa.DictionaryArray:
        """A column from a text of each cell."""
        texts = [text(cell) for cell in self._cells]
        codes = {each: code for code, each in enumerate(dict.fromkeys(texts))}
        return pa.DictionaryArray.from_arrays(
            np.array([codes[each] for each in texts], np.int32)[self._of_run], list(codes)
        )


def _table(rows: dict[str, Any], schema: pa.Schema, length: int) -> pa.Table:
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
    """A list column from an array [rows, width]."""
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(rows, float).ravel()))


def _with_ends(first: Array, sampled: Array, last: Array) -> Array:
    """[runs, points + 2, ...] from each run's value at the start, at the sampled steps, and at its last position."""
    return np.concatenate([first[:, np.newaxis], sampled, last[:, np.newaxis]], axis=1)


def _distance(x: Array, loss: Loss) -> Array:
    """Euclidean distance of each row of ``x`` to the nearest known minimizer; NaN where none is known."""
    if not loss.minima:
        return np.full(len(x), np.nan)
    apart = x[:, np.newaxis].astype(float) - np.array(loss.minima)
    distances: Array = np.hypot.reduce(apart, axis=2).min(axis=1)
    return distances
