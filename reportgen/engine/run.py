"""Runs programs: an engine returns the results of a program's runs as arrays, with one row per run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial, reduce
from itertools import accumulate, count
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import device as devices
from reportgen.engine.compiled import Chunk, CompiledLoop, Member, OnSuspects
from reportgen.engine.evaluation import value_and_gradient
from reportgen.engine.grid import evaluate_grid
from reportgen.engine.inputs import optimizer_maker
from reportgen.engine.loop import ROWS, Outputs
from reportgen.engine.result import NEVER, Array, Grid, ProgramResult, Spent
from reportgen.engine.rule import MappedRule
from reportgen.engine.sampling import trace_steps
from reportgen.engine.sources import OwnLoop, Source, run_together
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Optimizer, hyperparameters
from reportgen.plan import Program

_TURNS = count()
"""Numbers the loops of this process, which several devices take in turns."""

OnProgram = Callable[[Program], None]
OnRuns = Callable[[Program, int], None]


def run(program: Program) -> ProgramResult:
    """Return the results of all runs of a program; raises whatever its optimizer or loss raises."""
    (engine,) = make_engines([program])
    if isinstance(engine, BaseException):
        raise engine
    return run_all(engine)


def run_all(engine: Engine) -> ProgramResult:
    """Return the results of all runs of the engine's program, with their traces."""
    return _join(list(engine(np.arange(engine.program.runs), traces=True)))


def make_engines(
    programs: Sequence[Program],
    on_compiled: OnProgram = lambda _: None,
    on_runs: OnRuns = lambda *_: None,
    on_suspects: OnSuspects = lambda _: None,
) -> list[Engine | BaseException]:
    """Return the engine of each program, or what its optimizer or loss raised.

    Programs that fit into one chunk of a loop share a loop, which runs now. The others run when their engine is called.

    Args:
        programs: programs with the same loss and the same settings.
        on_compiled: called with each program when its loop is compiled.
        on_runs: called with a program and how many of its runs have ended since the last call.
        on_suspects: see ``OnSuspects``.
    """
    setup = LossSetup(programs[0], on_suspects)

    sources: dict[str, tuple[Source, str] | BaseException] = {}
    members = []
    for program in programs:
        on_suspects([program])
        try:
            kind = catalogue.find_optimizer(program.family, program.base)
            if issubclass(kind, ForeignOptimizer):
                from reportgen.engine.foreign.source import foreign_source  # Keras and more, only if it is needed

                sources[program.id] = foreign_source(program, kind, setup, partial(on_compiled, program))
                continue
            bind = partial(MappedRule, optimizer_maker(kind, program), identity=_identity(kind, program))
            member = Member.of(program, bind)
        except BaseException as error:  # whatever a plug-in raises is the result of its program
            sources[program.id] = error
            continue
        if program.runs <= member.size:
            members.append(member)
        else:
            sources[program.id] = OwnLoop(member, setup.make_loop, partial(on_compiled, program)), ""
    on_suspects([])  # the loop waits until no other one is traced
    together = run_together(members, setup.make_loop, on_compiled) if members else []
    for member, source in zip(members, together, strict=True):
        sources[member.program.id] = source if isinstance(source, BaseException) else (source, "")
    return [
        found if isinstance(found, BaseException) else Engine(program, setup, *found, on_runs)
        for program, found in ((program, sources[program.id]) for program in programs)
    ]


def _identity(kind: type[Optimizer], program: Program) -> Hashable:
    """What decides how the step of a program's optimizer is traced: its classes and structural hyperparameters."""
    values = program.cells[0].hyperparameters
    classes = tuple(_classes(catalogue.create_optimizer(kind, values, program.base)))
    declared = catalogue.declared_hyperparameters(kind, values, program.base)
    structural = (name for name, item in declared.items() if item.structural)
    return classes, tuple((name, values.get(name)) for name in sorted(structural))


def _classes(optimizer: Optimizer) -> Iterator[type[Optimizer]]:
    """The class of an optimizer, and of those that it wraps."""
    yield type(optimizer)
    for name, item in hyperparameters(optimizer).items():
        if item.wraps:
            yield from _classes(getattr(optimizer, name))


@dataclass(frozen=True)
class LossScale:
    """What is large on a loss: its values at the standard start."""

    gap: float
    gradient_norm: float


class LossSetup:
    """What the programs on one loss share: the loss, the device, the sampled steps, and the grid of the pictures."""

    def __init__(self, program: Program, on_suspects: OnSuspects = lambda _: None) -> None:
        """Find the loss and the device of a program; raises what its loss raises."""
        self._on_suspects = on_suspects
        settings = program.settings
        self.loss = program.load_loss()
        self.device = devices.choose(settings.device, next(_TURNS))
        self.schedule = trace_steps(settings.steps, settings.trace_points)
        self._settings = settings
        if program.plugins:
            self._require_same_values()

    def _require_same_values(self) -> None:
        """Raise ValueError if the loss has two values at the same position."""
        with tf.device("CPU"):
            start = tf.constant(self.loss.start, self._settings.dtype)
            first, second = (value_and_gradient(self.loss, start)[0].numpy() for _ in range(2))
        if first.tobytes() != second.tobytes():
            expected = "expected the same value; random numbers belong into noise"
            raise ValueError(f"loss {self.loss.label} is {first:g} and then {second:g} at its start; {expected}")

    @cached_property
    def grid(self) -> Grid | None:
        """The loss over its domain; None in more than two dimensions."""
        with tf.device(self.device.name):
            return evaluate_grid(self.loss, self._settings.dtype)

    @cached_property
    def scale(self) -> LossScale | None:
        """What is large on this loss; None: for each run, what is large at its start.

        None as well if the gap or the gradient at the standard start is not a positive number.
        """
        if self._settings.target_scale == "run":
            return None
        with tf.device("CPU"):
            value, gradient = value_and_gradient(self.loss, tf.constant(self.loss.start, self._settings.dtype))
        scale = LossScale(float(value) - self.loss.minimum, float(_norm(gradient.numpy())))
        return scale if 0 < scale.gap < np.inf and 0 < scale.gradient_norm < np.inf else None

    def make_loop(self, members: Sequence[Member]) -> CompiledLoop:
        """Return the loop of some of the programs."""
        gap = self.scale.gap if self.scale else None
        return CompiledLoop(members, self.loss, gap, self.schedule, self.device.name, self._on_suspects)


class Engine:
    """Runs any of the runs of a program."""

    def __init__(self, program: Program, setup: LossSetup, source: Source, note: str, on_runs: OnRuns) -> None:
        """``note`` says how the program is run if that is not in one batch, and why."""
        self.program = program
        self.loss = setup.loss
        self._setup = setup
        self._source = source
        self._note = note
        self._on_runs = on_runs

    def __call__(self, runs: Array, *, traces: bool) -> Iterator[ProgramResult]:
        """Yield the results of runs, one chunk of runs at a time; raises whatever the optimizer or the loss raises.

        Args:
            runs: run numbers, int64 [runs].
            traces: whether the results contain traces.
        """
        for chunk in self._source(runs):
            self._on_runs(self.program, len(chunk.runs))
            yield self._result(chunk, traces)

    def _result(self, chunk: Chunk, traces: bool) -> ProgramResult:
        outputs = chunk.outputs
        schedule = self._setup.schedule
        steps = int(schedule[-1])
        record = dict(zip(ROWS, outputs.steps, strict=False))
        columns = {
            "initial_loss": outputs.initial_loss,
            "initial_gradient_norm": _norm(outputs.initial_gradient),
            "final_loss": outputs.final_loss,
            "final_gradient_norm": _norm(outputs.final_gradient),
            "best_loss": outputs.best_loss,
            "diverged_at": _diverged_at(record["last_finite"], record["last_finite_x"], steps),
            **record,
        }
        columns["steps"] = np.where(columns["diverged_at"] == NEVER, steps, columns["diverged_at"])
        columns["scale"] = outputs.initial_loss.astype(np.float64) - self.loss.minimum
        columns["gradient_scale"] = columns["initial_gradient_norm"]
        if scale := self._setup.scale:
            columns["scale"] = np.full(len(chunk.runs), scale.gap)
            columns["gradient_scale"] = np.full(len(chunk.runs), scale.gradient_norm)
        columns["middle_loss"] = _middle_loss(outputs, schedule)
        hits = outputs.steps[len(ROWS) :]
        if self.program.settings.judged_by == "last":
            hits = np.where((columns["diverged_at"] == NEVER) & (hits < steps), hits + 1, NEVER)
        columns["gradient_evaluations"] = _evaluations(chunk, columns)
        plane = min(outputs.final_x.shape[1], 2)
        trace = outputs.trace if traces else outputs.trace[:, :0]
        return ProgramResult(
            runs=chunk.runs,
            columns=columns,
            final_x=outputs.final_x,
            hits=hits,
            trace_steps=schedule,
            trace_loss=trace[..., 0],
            trace_gradient_norm=_norm(trace[..., 1 + plane :]),
            trace_x=np.moveaxis(trace[..., 1 : 1 + plane], 2, 1),
            paths=np.moveaxis(outputs.paths, 2, 1),
            shown=chunk.shown,
            evaluations_per_step=chunk.evaluations,
            spent=chunk.spent,
            grid=self._setup.grid,
            device=self._setup.device,
            seconds=dict(self._source.seconds),
            note=self._note,
        )


def _evaluations(chunk: Chunk, columns: Mapping[str, Array]) -> Array:
    """The gradient evaluations of each run, int64 [runs]."""
    if chunk.spent is None:
        assert chunk.evaluations is not None
        evaluations: Array = columns["steps"].astype(np.int64) * chunk.evaluations
        return evaluations
    # A loss or gradient that is not finite is evaluated once, in a step that is not made: see ``_diverged_at``.
    unmade = np.where(columns["diverged_at"] == NEVER, 0, columns["diverged_at"] - columns["last_finite"] - 1)
    return np.asarray(chunk.spent.total + unmade)


def _middle_loss(outputs: Outputs, schedule: Array) -> Array:
    """The loss of each run at the last sampled step of the first half, [runs]; at the start if none was sampled."""
    samples = int(np.searchsorted(schedule, schedule[-1] // 2, side="right"))
    middle: Array = outputs.trace[samples - 1, :, 0] if samples else outputs.initial_loss
    return middle


def _join(parts: list[ProgramResult]) -> ProgramResult:
    """The results of several chunks as one."""
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
        spent=_join_spent([part.spent for part in parts if part.spent]),
        shown=np.concatenate([begin + part.shown for begin, part in zip(begins, parts, strict=True)]),
    )


def _join_spent(parts: Sequence[Spent]) -> Spent | None:
    return Spent(*(np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True))) if parts else None


def _norm(gradient: Array) -> Any:
    """The Euclidean norm over the last axis, in float64.

    Coordinate by coordinate, because the last bit of NumPy's own sum depends on the shape; by hypot, which does not
    overflow.
    """
    return reduce(np.hypot, np.moveaxis(np.abs(gradient.astype(np.float64)), -1, 0))


def _diverged_at(last_finite: Array, last_finite_x: Array, steps: int) -> Array:
    """The first step whose x, loss or gradient is not finite; NEVER if all are finite.

    A step evaluates loss and gradient where it begins. If x is finite after step t, but its loss or gradient is not,
    the step is t + 1 (or the last step); if x itself is not finite, it is t.
    """
    at = np.maximum(last_finite + 1, np.minimum(last_finite_x + 1, steps))
    return np.where(last_finite == steps, NEVER, np.maximum(at, 1)).astype(np.int32)
