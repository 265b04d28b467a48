"""A loop that Python drives: the steps are made by other code, loss, gradients and record by a compiled function."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from reportgen.engine.compiled import Chunk, chunk_size, tensors
from reportgen.engine.evaluation import map_runs, value_and_gradient
from reportgen.engine.foreign.evaluation_counts import EvaluationCounts
from reportgen.engine.foreign.gradients import Gradients, rows_at
from reportgen.engine.inputs import ProgramInputs, RunInputs
from reportgen.engine.loop import (
    Aim,
    Carry,
    Outputs,
    Position,
    Record,
    counted_box,
    first_record,
    observe,
    running,
    target_levels,
)
from reportgen.engine.minibatch import order_of
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array
from reportgen.engine.rule import Inputs
from reportgen.loss import Loss
from reportgen.plan import Program
from reportgen.tensor import Tensor

_CHECKED_EVERY = 64
"""After so many steps the loop looks whether any run is left."""


class Stepper(Protocol):
    """Makes the steps of some runs."""

    @property
    def counted(self) -> Array | None:
        """Where losses count after the last step, [runs, dim], if that is not where gradients are taken."""

    @property
    def evaluations(self) -> Array | None:
        """Gradient evaluations of each run in the last step, int64 [runs]; None: one each."""

    def start(self, inputs: RunInputs) -> None:
        """Make new optimizers for these runs."""

    def step(self, x: Array, gradient: Array, rate: Array) -> Array:
        """Return the positions after a step, [runs, dim] in the dtype of ``x``.

        Args:
            x: positions, [runs, dim]; NaN for runs that are lost, if ``evaluations`` are counted.
            gradient: gradients there, [runs, dim].
            rate: learning rates of this step, float64 [runs].
        """


class HostLoop:
    """Runs the runs of one program, all in one call."""

    def __init__(
        self,
        program: Program,
        loss: Loss,
        scale: float | None,
        schedule: Array,
        stepper: Stepper,
        on_compiled: Callable[[], None],
    ) -> None:
        """Compile nothing yet.

        Args:
            program: the program.
            loss: its loss.
            scale: the gap that targets are shares of; None: the gap of each start.
            schedule: the sampled steps, int32 [points].
            stepper: makes the steps.
            on_compiled: called when the first step is made.
        """
        self._program = program
        self._schedule = schedule
        self._stepper = stepper
        self._on_compiled = on_compiled
        self._inputs = ProgramInputs(program)
        self.seconds = {"trace": 0.0, "compile": 0.0, "run": 0.0}
        """Wall time of tracing, of compiling with the first step, and of running."""
        self._begin, self._advance = _functions(program, loss, scale)

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """Yield the outputs of runs, given by their run numbers, a chunk at a time."""
        size = chunk_size(self._program)
        yield from (self._run(runs[begin : begin + size]) for begin in range(0, len(runs), size))

    def _run(self, runs: Array) -> Chunk:
        began = time.perf_counter()
        inputs = self._inputs(runs)
        shown = np.flatnonzero(inputs.shown)
        given = tensors(inputs, self._program.settings.seed)
        self._stepper.start(inputs)
        position, record, gradient, rate = self._begin(given)
        start = position
        self._on_compiled()
        samples = _Samples(self._schedule, shown)
        x = inputs.x0
        spent = None if self._stepper.evaluations is None else EvaluationCounts(self._program, self._schedule, record)
        if spent:
            x = _without_lost(x, record, 1)
        ran = began
        for step in range(1, int(self._schedule[-1]) + 1):
            x = self._stepper.step(x, gradient.numpy(), rate.numpy())
            counted = self._stepper.counted
            position, record, gradient, rate = self._advance(
                given, start.loss, position, record, x, counted, tf.constant(step)
            )
            # A lost run stays where it was.
            x = position.x.numpy() if counted is None else x
            samples.take(step, position)
            if spent and self._stepper.evaluations is not None:
                spent.add(step, self._stepper.evaluations, record)
                x = _without_lost(x, record, step + 1)
            if step == 1:
                ran = time.perf_counter()
                self.seconds["compile"] += ran - began
            if step % _CHECKED_EVERY == 0 and not running(record, step + 1).numpy().any():
                break
        self.seconds["run"] += time.perf_counter() - ran
        initial_loss, initial_gradient = start.loss.numpy(), start.gradient.numpy()
        x, loss, gradient = (tensor.numpy() for tensor in position)
        best_loss, steps = (tensor.numpy() for tensor in record)
        trace, paths = samples.arrays(position)
        outputs = Outputs(initial_loss, initial_gradient, x, loss, gradient, best_loss, steps, trace, paths)
        return Chunk(runs, shown, outputs, None, spent.spent()) if spent else Chunk(runs, shown, outputs, 1)


def _without_lost(x: Array, record: Record, step: int) -> Array:
    """Positions [runs, dim], with NaN for the runs that are lost before a step."""
    return np.where(running(record, step).numpy()[:, np.newaxis], x, np.nan).astype(x.dtype)


class _Samples:
    """The trajectories at the sampled steps."""

    def __init__(self, schedule: Array, shown: Array) -> None:
        self._schedule = set(schedule.tolist())
        self._points = len(schedule)
        self._shown = shown
        self._rows: list[Array] = []
        self._paths: list[Array] = []

    def take(self, step: int, position: Position) -> None:
        """Sample the runs after a step, if it is one of the sampled ones."""
        if step in self._schedule:
            x, loss, gradient = (tensor.numpy() for tensor in position)
            self._rows.append(np.concatenate([loss[:, np.newaxis], x[:, :2], gradient], axis=1))
            self._paths.append(x[self._shown])

    def arrays(self, position: Position) -> tuple[Array, Array]:
        """Trace and paths; what is missing because no run was left repeats the end."""
        while len(self._rows) < self._points:
            self._schedule.add(-1)
            self.take(-1, position)
        return np.stack(self._rows), np.stack(self._paths)


def _functions(program: Program, loss: Loss, scale: float | None) -> tuple[Any, Any]:
    """The compiled functions before the first step and after each: to position, record, gradient and rate."""
    settings = program.settings
    setting = Setting(loss, settings.steps, program.noise)
    order = order_of(program, loss.samples)
    schedule = str(program.cells[0].hyperparameters["schedule"])
    of_run = partial(value_and_gradient, loss)

    def aim(start_loss: Tensor, x: Tensor) -> Aim:
        targets = tf.constant(settings.targets, tf.float64)
        given = None if scale is None else tf.constant(scale, tf.float64)
        levels = target_levels(start_loss, tf.constant(loss.minimum, tf.float64), targets, given)
        return Aim(levels, counted_box(loss, x), settings.judged_by == "last")

    def gradients(inputs: Inputs, position: Position, step: Tensor) -> tuple[Tensor, Tensor]:
        rows = rows_at(None if order is None else tf.constant(order), inputs, step)
        point = Point(*position, step, inputs.key, rows)
        return Gradients(setting, inputs, schedule).at(point)

    @tf.function(jit_compile=True, autograph=False)
    def begin(inputs: Inputs) -> tuple[Position, Record, Tensor, Tensor]:
        position = Position(inputs.x0, *map_runs(of_run, inputs.x0))
        record = first_record(position, aim(position.loss, position.x))
        return position, record, *gradients(inputs, position, tf.constant(1))

    @tf.function(jit_compile=True, autograph=False)
    def advance(
        inputs: Inputs,
        start_loss: Tensor,
        position: Position,
        record: Record,
        x: Tensor,
        counted: Tensor | None,
        step: Tensor,
    ) -> tuple[Position, Record, Tensor, Tensor]:
        stepped = Position(x, *map_runs(of_run, x))
        new = stepped if counted is None else Position(counted, *map_runs(of_run, counted))
        position, record = observe(Carry(step, position, [], record), new, aim(start_loss, x))
        return position, record, *gradients(inputs, position if counted is None else stepped, step + 1)

    return begin, advance
