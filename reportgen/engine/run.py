"""Run one program: build its loop, feed it tile by tile, and give back arrays, one row a run."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import device as devices
from reportgen.engine import (
    dispatch,  # noqa: F401 - registers what rules call on the batch's values
    loop,
)
from reportgen.engine.grid import evaluate_grid
from reportgen.engine.result import NEVER, Array, Device, Grid, ProgramResult
from reportgen.engine.sampling import trace_steps
from reportgen.loss import Loss
from reportgen.matrix import Program
from reportgen.optimizer import Optimizer, hyperparameters

TILE = 16_384
"""Runs stepped at once: more would leave the processor's cache, and memory stays flat for any matrix."""


def run(program: Program, on_compiled: Callable[[], None] = lambda: None) -> ProgramResult:
    """Run ``program`` on its device; whatever its rule or loss raises is raised."""
    device = devices.choose(program.settings.device)
    loss = catalogue.find_loss(program.loss_ref, program.base, program.dim)
    kind = catalogue.find_optimizer(program.family, program.base)
    inputs = _inputs(program)
    schedule = trace_steps(program.settings.steps, program.settings.trace_points)
    function, evaluations = loop.build(loss, _maker(kind, program), schedule, program.settings.seed)
    with tf.device(device.name):
        call = _Call(function, program, loss, schedule)
        seconds = {"trace": call.trace(inputs), "compile": 0.0, "run": 0.0}
        tiles = []
        for index, tile in enumerate(_tiles(inputs, program.runs)):
            began = time.perf_counter()
            tiles.append(call(tile))
            seconds["run" if index else "compile"] += time.perf_counter() - began
            if not index:
                on_compiled()
        arrays = _joined(tiles, program.runs)
        grid = evaluate_grid(loss, program.settings.dtype)
    return _result(arrays, schedule, evaluations[0], grid, device, seconds)


def _inputs(program: Program) -> dict[str, Any]:
    """Per-run inputs; a numeric hyperparameter that all cells share is one number."""
    pairs = list(program.pairs())
    numeric = {k for k, v in program.cells[0].hyperparameters.items() if isinstance(v, float)}
    hyperparameters = {}
    for name in sorted(numeric):
        values = np.array([cell.hyperparameters[name] for cell, _, _ in pairs])
        hyperparameters[name] = values[0] if np.all(values == values[0]) else values
    return {
        "x0": np.array([point for _, _, point in pairs], program.settings.dtype).T,
        "learning_rate": np.array([cell.learning_rate for cell, _, _ in pairs]),
        "start": np.array([number for _, number, _ in pairs], np.uint32),
        "hyperparameters": hyperparameters,
    }


def _maker(kind: type[Optimizer], program: Program) -> Callable[[dict[str, Any]], Optimizer]:
    """The optimizer with its structural values, and its numeric ones replaced by those of the batch."""
    template = catalogue.create(kind, program.cells[0].hyperparameters, program.base)
    return lambda numeric: _with_values(template, numeric)


def _with_values(template: Optimizer, numeric: Mapping[str, Any], prefix: str = "") -> Optimizer:
    """A copy with the values of the batch; those of an optimizer that it wraps are called ``base.beta_2``."""
    made = copy.copy(template)
    for name, item in hyperparameters(template).items():
        flat = prefix + name
        if item.wraps:
            object.__setattr__(made, name, _with_values(getattr(template, name), numeric, f"{flat}."))
        elif flat in numeric:
            object.__setattr__(made, name, numeric[flat])
    if hasattr(made, "__post_init__"):  # what it derives must come from the batch's values too
        made.__post_init__()
    return made


class _Call:
    """The compiled function with what is the same for every tile."""

    def __init__(self, function: Any, program: Program, loss: Loss, schedule: Array) -> None:
        self._function = function
        self._rest = (
            tf.constant(schedule),
            tf.constant(loss.minimum, tf.float64),
            tf.constant(program.settings.targets, tf.float64),
        )

    def _arguments(self, tile: Mapping[str, Any]) -> tuple[Any, ...]:
        hyperparameters = {k: tf.constant(v, tf.float64) for k, v in tile["hyperparameters"].items()}
        per_run = (tf.constant(tile[name]) for name in ("x0", "learning_rate", "start"))
        return (loop.Inputs(*per_run, hyperparameters), *self._rest)

    def trace(self, inputs: Mapping[str, Any]) -> float:
        """Seconds that tracing the function for the shape of the first tile takes."""
        began = time.perf_counter()
        self._function.get_concrete_function(*self._arguments(next(_tiles(inputs, inputs["x0"].shape[1]))))
        return time.perf_counter() - began

    def __call__(self, tile: Mapping[str, Any]) -> list[Array]:
        outputs = self._function(*self._arguments(tile))
        return [np.asarray(tensor) for tensor in tf.nest.flatten(outputs)]


def _tiles(inputs: Mapping[str, Any], runs: int) -> Any:
    """The inputs in tiles of one size; the last is filled up with repetitions of its first run."""
    size = min(max(runs, 2), TILE)
    for begin in range(0, runs, size):
        index = np.arange(begin, begin + size)
        index[index >= runs] = begin
        yield {
            "x0": inputs["x0"][:, index],
            "learning_rate": inputs["learning_rate"][index],
            "start": inputs["start"][index],
            "hyperparameters": {k: v[index] if np.ndim(v) else v for k, v in inputs["hyperparameters"].items()},
        }


def _joined(tiles: list[list[Array]], runs: int) -> loop.Arrays:
    """One set of arrays from all tiles, without the filling; the runs are the last axis of each."""
    flat = [np.concatenate(parts, axis=-1)[..., :runs] for parts in zip(*tiles, strict=True)]
    record = loop.Record(best_loss=flat[5], steps=flat[6])
    return loop.Arrays(flat[0], flat[1], flat[2], flat[3], flat[4], record, flat[7])


def _result(
    arrays: loop.Arrays,
    schedule: Array,
    evaluations: int,
    grid: Grid | None,
    device: Device,
    seconds: Mapping[str, float],
) -> ProgramResult:
    steps = int(schedule[-1])
    record = dict(zip(loop.ROWS, arrays.record.steps, strict=False))
    columns = {
        "initial_loss": arrays.initial_loss,
        "initial_gradient_norm": _norm(arrays.initial_gradient),
        "final_loss": arrays.final_loss,
        "final_gradient_norm": _norm(arrays.final_gradient),
        "best_loss": arrays.record.best_loss,
        "diverged_at": _diverged_at(record["last_finite"], record["last_finite_x"], steps),
        **{
            name: record[name]
            for name in ("last_finite", "last_finite_x", "last_moved", "first_unchanged", "best_step")
        },
    }
    columns["steps"] = np.where(columns["diverged_at"] == NEVER, steps, columns["diverged_at"])
    plane = min(len(arrays.final_x), 2)
    return ProgramResult(
        columns=columns,
        final_x=arrays.final_x.T,
        hits=arrays.record.steps[len(loop.ROWS) :],
        trace_steps=schedule,
        trace_loss=arrays.trace[:, 0],
        trace_gradient_norm=_norm(np.moveaxis(arrays.trace[:, 1 + plane :], 1, 0)),
        trace_x=arrays.trace[:, 1 : 1 + plane],
        evaluations_per_step=evaluations,
        grid=grid,
        device=device,
        seconds=seconds,
    )


def _norm(gradient: Array) -> Any:
    """The Euclidean norm over the first axis, in float64.

    Row by row, because NumPy's own sum depends on the shape in its last bit; by hypot, which does not overflow.
    """
    return reduce(np.hypot, np.abs(gradient.astype(np.float64)))


def _diverged_at(last_finite: Array, last_finite_x: Array, steps: int) -> Array:
    """The first step whose x, loss or gradient is not finite; NEVER where all are.

    A step evaluates loss and gradient where it begins. So where x is finite after step t, but its loss or gradient is
    not, step t + 1 is the one (or the last, where the steps end there); where x itself is not finite, it is t.
    """
    at = np.maximum(last_finite + 1, np.minimum(last_finite_x + 1, steps))
    return np.where(last_finite == steps, NEVER, np.maximum(at, 1)).astype(np.int32)
