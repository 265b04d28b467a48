"""Run one program: build its loop, feed it tile by tile, and give back arrays, one row a run."""

from __future__ import annotations

from collections.abc import Callable
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
from reportgen.engine.feed import Ran, inputs_of, maker_of, run_loop
from reportgen.engine.grid import evaluate_grid
from reportgen.engine.result import NEVER, Array, Device, Grid, ProgramResult
from reportgen.engine.sampling import trace_steps
from reportgen.foreign import ForeignOptimizer
from reportgen.matrix import Program


def run(program: Program, on_compiled: Callable[[], None] = lambda: None) -> ProgramResult:
    """Run ``program`` on its device; whatever its rule or loss raises is raised."""
    device = devices.choose(program.settings.device)
    loss = catalogue.find_loss(program.loss_ref, program.base, program.dim, program.parameters)
    kind = catalogue.find_optimizer(program.family, program.base)
    schedule = trace_steps(program.settings.steps, program.settings.trace_points)
    inputs = inputs_of(program)
    note = ""
    with tf.device(device.name):
        if issubclass(kind, ForeignOptimizer):
            from reportgen.engine.lift.run import (
                run_foreign,  # Keras and what else it takes, only where it is asked for
            )

            ran, note = run_foreign(program, kind, loss, inputs, schedule, on_compiled)
        else:
            ran = run_loop(program, loss, maker_of(kind, program), inputs, schedule, on_compiled=on_compiled)
        grid = evaluate_grid(loss, program.settings.dtype)
    return _result(ran, np.flatnonzero(inputs["shown"]), schedule, grid, device, note)


def _result(ran: Ran, shown: Array, schedule: Array, grid: Grid | None, device: Device, note: str) -> ProgramResult:
    arrays = ran.arrays
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
        paths=np.empty((len(schedule), len(arrays.final_x), 0)) if arrays.paths is None else arrays.paths,
        shown=shown,
        evaluations_per_step=ran.evaluations,
        grid=grid,
        device=device,
        seconds=ran.seconds,
        note=note,
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
