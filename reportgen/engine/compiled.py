"""A compiled loop with the programs that share it: inputs in, outputs of each program out, as NumPy arrays."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from reportgen.engine.inputs import ProgramInputs, RunInputs
from reportgen.engine.loop import Loop, Outputs
from reportgen.engine.minibatch import order_of
from reportgen.engine.problem import Setting
from reportgen.engine.random import key_of
from reportgen.engine.result import Array, Spent
from reportgen.engine.rule import BindRule, Inputs
from reportgen.loss import Loss
from reportgen.plan import Program

CHUNK = 32_768
"""Coordinates of all runs that a loop steps at once: more do not fit into the cache of a processor, and the memory does
not grow with the matrix."""


_tracing = threading.Lock()
"""Held while a loop is traced. Tracing is Python: two loops at the same time would only both be ready later."""


class MakeInputs(Protocol):
    """Makes the inputs of some runs of a program."""

    def __call__(self, runs: Array) -> RunInputs:
        """Return the inputs of runs, given by their run numbers, int64 [runs]."""

    def most_shown(self, size: int) -> int:
        """Return how many of ``size`` consecutive runs are shown at most."""


@dataclass(frozen=True)
class Member:
    """A program with what its part of a loop needs."""

    program: Program
    bind: BindRule
    inputs: MakeInputs
    size: int
    """Runs that the loop takes at once."""

    @classmethod
    def of(cls, program: Program, bind: BindRule, size: int | None = None) -> Member:
        """Return the member for a program; ``size`` is ``chunk_size`` unless another one is given."""
        return cls(program, bind, ProgramInputs(program), size or chunk_size(program))


OnSuspects = Callable[[Sequence[Program]], None]
"""Called with the programs whose code runs now, which are to blame if it hangs; none: it is not known."""


def chunk_size(program: Program) -> int:
    """Return how many runs of a program a loop takes at once: all, up to a limit.

    At least two, because a batch of one is compiled to other code.
    """
    return max(min(program.runs, CHUNK // int(program.start_points.shape[1])), 2)


class Chunk(NamedTuple):
    """What the loop returned for some runs of a program."""

    runs: Array
    """Run numbers, int64 [runs]."""
    shown: Array
    """Indices of the runs whose whole paths are kept, int64 [shown]."""
    outputs: Outputs
    """The arrays of these runs; the trace is [points, runs, 1 + plane + dim]."""
    evaluations: int | None
    """Gradient evaluations per step; None if they differ between steps."""
    spent: Spent | None = None
    """The counts, if they differ between steps."""

    def take(self, index: Array) -> Chunk:
        """Return the outputs of some of the runs, without whole paths."""
        nothing = np.empty(0, np.int64)
        return Chunk(self.runs[index], nothing, _part(self.outputs, index, nothing), self.evaluations)


class CompiledLoop:
    """The loop of some programs on one loss."""

    def __init__(
        self,
        members: Sequence[Member],
        loss: Loss,
        scale: float | None,
        schedule: Array,
        device: str,
        on_suspects: OnSuspects,
    ) -> None:
        """Compile nothing yet.

        Args:
            members: the programs.
            loss: their loss.
            scale: the gap that targets are shares of; None: the gap of each start.
            schedule: the sampled steps, int32 [points].
            device: the name of the device that runs the loop.
            on_suspects: see ``OnSuspects``.
        """
        self._on_suspects = on_suspects
        program = members[0].program
        settings = program.settings
        self._members = members
        self._seed = settings.seed
        self._device = device
        self.threads = (os.cpu_count() or 1) if "CPU" in device else 1
        """Calls at the same time that keep the device busy."""
        self.seconds = {"trace": 0.0, "compile": 0.0, "run": 0.0}
        """Wall time of tracing, of compiling with the first call, and of running."""
        setting = Setting(loss, settings.steps, program.noise)
        self._loop = Loop(
            setting, [member.bind for member in members], len(schedule), settings.judged_by, self._suspect
        )
        order = order_of(program, loss.samples)
        self._same_for_all = (
            tf.constant(schedule),
            tf.constant(loss.minimum, tf.float64),
            tf.constant(settings.targets, tf.float64),
            None if scale is None else tf.constant(scale, tf.float64),
            None if order is None else tf.constant(order),
        )

    def trace(self, runs: Sequence[Array]) -> dict[int, BaseException]:
        """Trace the loop, and return what members raised, by index."""
        inputs = [self._padded(i, of_member)[0] for i, of_member in enumerate(runs)]
        with _tracing, tf.device(self._device):
            began = time.perf_counter()
            self._suspect(None)
            self._loop.function.get_concrete_function(*self._arguments(inputs))
            self._on_suspects([])
            self.seconds["trace"] += time.perf_counter() - began
        return self._loop.failures

    def _suspect(self, index: int | None) -> None:
        """Say whose code is traced: that of one member, or that of the loss of all."""
        self._on_suspects([each.program for each in (self._members if index is None else [self._members[index]])])

    def __call__(self, runs: Sequence[Array]) -> list[Chunk]:
        """Run the loop for some runs of each member, given by their run numbers."""
        padded = [self._padded(i, of_member) for i, of_member in enumerate(runs)]
        with tf.device(self._device):
            outputs = self._loop.function(*self._arguments([inputs for inputs, _ in padded]))
        arrays = Outputs(*(np.asarray(tensor) for tensor in outputs))
        chunks, first, first_shown = [], 0, 0
        for i, (of_member, (inputs, shown)) in enumerate(zip(runs, padded, strict=True)):
            part = _part(arrays, slice(first, first + len(of_member)), slice(first_shown, first_shown + len(shown)))
            chunks.append(Chunk(of_member, shown, part, self._loop.evaluations[i]))
            first += len(inputs.x0)
            first_shown += len(inputs.shown)
        return chunks

    def _padded(self, index: int, runs: Array) -> tuple[RunInputs, Array]:
        """The inputs of runs, filled up with repetitions of the first; and the indices of the shown ones.

        In the inputs, ``shown`` are these indices, int32, filled up with zeros.
        """
        member = self._members[index]
        inputs = member.inputs(np.concatenate([runs, np.full(member.size - len(runs), runs[0])]))
        most = member.inputs.most_shown(member.size)
        shown = np.flatnonzero(inputs.shown[: len(runs)])[:most]
        return replace(inputs, shown=np.pad(shown, (0, most - len(shown))).astype(np.int32)), shown

    def _arguments(self, inputs: Sequence[RunInputs]) -> tuple[Any, ...]:
        return ([tensors(of_member, self._seed) for of_member in inputs], *self._same_for_all)


def tensors(inputs: RunInputs, seed: int) -> Inputs:
    """Return the inputs as tensors; ``seed`` is that of the matrix."""
    start, run_seed = tf.constant(inputs.start), tf.constant(inputs.seed)
    return Inputs(
        tf.constant(inputs.x0),
        tf.constant(inputs.learning_rate),
        # Made here, because tracing and compiling it would cost more than making it.
        key_of(seed, start, run_seed),
        run_seed,
        {name: tf.constant(value, tf.float64) for name, value in inputs.hyperparameters.items()},
        tf.constant(inputs.shown),
        [tf.constant(each) for each in inputs.state],
    )


def _part(outputs: Outputs, runs: slice | Array, shown: slice | Array) -> Outputs:
    """The outputs of some runs, with the whole paths of some."""
    of_runs = {
        name: array[runs] for name, array in outputs._asdict().items() if name not in ("steps", "trace", "paths")
    }
    steps, trace, paths = outputs.steps[:, runs], outputs.trace[:, runs], outputs.paths[:, shown]
    return Outputs(**of_runs, steps=steps, trace=trace, paths=paths)
