"""Run one program: build its loop, put its runs through it, and give back arrays, one row a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, reduce
from itertools import accumulate, count
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import device as devices
from reportgen.engine import (
    dispatch,  # noqa: F401 - registers what rules call on the batch's values
    loop,
)
from reportgen.engine.feed import Feed, Ran, maker_of
from reportgen.engine.grid import evaluate_grid
from reportgen.engine.result import NEVER, Array, Grid, ProgramResult
from reportgen.engine.sampling import trace_steps
from reportgen.foreign import ForeignOptimizer
from reportgen.plan import Program


def run(program: Program, on_compiled: Callable[[], None] = lambda: None) -> ProgramResult:
    """Run all of ``program`` on its device; whatever its rule or loss raises is raised."""
    return whole(Engine(program, on_compiled))


def whole(engine: Engine) -> ProgramResult:
    """All runs of the engine's program, with their traces."""
    return _joined(list(engine(np.arange(engine.program.runs), traces=True)))


_TURNS = count()
"""Numbers the programs of this process, which several devices take in turns."""


class Engine:
    """A program on its device, for any of its runs; whatever its rule or loss raises is raised."""

    def __init__(
        self,
        program: Program,
        on_compiled: Callable[[], None] = lambda: None,
        on_runs: Callable[[int], None] = lambda _: None,
    ) -> None:
        """``on_runs`` is told how many runs have come to their end since it was told last."""
        self.program = program
        self._on_runs = on_runs
        self._device = devices.choose(program.settings.device, next(_TURNS))
        self.loss = catalogue.find_loss(program.loss_ref, program.base, program.dim, program.parameters)
        self._dtype = program.settings.dtype
        self._schedule = trace_steps(program.settings.steps, program.settings.trace_points)
        kind = catalogue.find_optimizer(program.family, program.base)
        self._note = ""
        with tf.device(self._device.name):
            if issubclass(kind, ForeignOptimizer):
                from reportgen.engine.lift.run import (
                    feed_foreign,  # Keras and what else it takes, only where it is asked for
                )

                self._feed, self._note = feed_foreign(program, kind, self.loss, self._schedule, on_compiled)
            else:
                made = maker_of(kind, program)
                self._feed = Feed(program, self.loss, made, self._schedule, on_compiled=on_compiled)

    def __call__(self, runs: Array, *, traces: bool) -> Iterator[ProgramResult]:
        """The results of some runs, told by their numbers in the order of ``Program.iter_runs``, a tile at a time.

        Without ``traces`` they hold those of no run.
        """
        for ran in self._feed(runs):
            self._on_runs(len(ran.runs))
            yield self._result(ran, ran.arrays.trace if traces else ran.arrays.trace[..., :0])

    @cached_property
    def _grid(self) -> Grid | None:
        with tf.device(self._device.name):
            return evaluate_grid(self.loss, self._dtype)

    def _result(self, ran: Ran, trace: Array) -> ProgramResult:
        arrays = ran.arrays
        steps = int(self._schedule[-1])
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
            runs=ran.runs,
            columns=columns,
            final_x=arrays.final_x.T,
            hits=arrays.record.steps[len(loop.ROWS) :],
            trace_steps=self._schedule,
            trace_loss=trace[:, 0],
            trace_gradient_norm=_norm(np.moveaxis(trace[:, 1 + plane :], 1, 0)),
            trace_x=trace[:, 1 : 1 + plane],
            paths=np.empty((len(self._schedule), len(arrays.final_x), 0)) if arrays.paths is None else arrays.paths,
            shown=ran.shown,
            evaluations_per_step=self._feed.evaluations,
            grid=self._grid,
            device=self._device,
            seconds=dict(self._feed.seconds),
            note=self._note,
        )


def _joined(parts: list[ProgramResult]) -> ProgramResult:
    """The results of several groups of runs as those of one, in their order."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return first

    def together(name: str, axis: int = -1) -> Array:
        return np.concatenate([getattr(part, name) for part in parts], axis=axis)

    begins = accumulate((len(part.runs) for part in parts[:-1]), initial=0)
    return replace(
        last,
        runs=together("runs"),
        columns={name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns},
        final_x=together("final_x", 0),
        hits=together("hits"),
        trace_loss=together("trace_loss"),
        trace_gradient_norm=together("trace_gradient_norm"),
        trace_x=together("trace_x"),
        paths=together("paths"),
        shown=np.concatenate([begin + part.shown for begin, part in zip(begins, parts, strict=True)]),
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
