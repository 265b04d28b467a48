"""Runs programs in worker processes on this machine, each program with a deadline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, overload

from reportgen.engine.result import Grid, ProgramResult, Replay, StepComparison
from reportgen.engine.sampled import Ask, LossRef, Sample
from reportgen.execute import worker
from reportgen.execute.events import DeviceMissingError, WorkerEvent
from reportgen.execute.program_run import Outcome, ProgramRun, place_of
from reportgen.execute.task_failure import failure_of
from reportgen.execute.worker_pools import Place, WorkerPools, WorkerSettings
from reportgen.failure import Failure
from reportgen.plan import Program

Result = TypeVar("Result")

_GRIDS_PER_TASK = 16
"""Losses that one task evaluates for their pictures. A crash affects only these."""


class LocalWorkers:
    """Worker processes that run programs, one per tier and set of plug-ins; a context manager that stops them."""

    def __init__(
        self,
        log: Path,
        tasks: int | None = None,
        verified_steps: int | None = None,
        memory_limit: int = 0,
    ) -> None:
        """Start no process yet; the arguments are as in ``WorkerSettings``."""
        self._settings = WorkerSettings(log, tasks, verified_steps, memory_limit)
        self._pools = WorkerPools(self._settings)

    def start(self, programs: Sequence[Program] = ()) -> None:
        """Start the workers that ``programs`` need first, or one of the quick tier, without waiting for them."""
        needed = sorted({place_of(program) for program in programs}) or [Place()]
        self._pools.start(needed[: os.cpu_count() or 1])

    def __enter__(self) -> Self:
        self._pools.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pools.__exit__(kind, error, tb)

    @overload
    def run(self, programs: Sequence[Program], deadline: float) -> Iterator[Outcome[ProgramResult] | WorkerEvent]: ...

    @overload
    def run(
        self, programs: Sequence[Program], deadline: float, collect: worker.Collect[Result]
    ) -> Iterator[Outcome[Result] | WorkerEvent]: ...

    def run(
        self, programs: Sequence[Program], deadline: float, collect: worker.Collect[object] = worker.collect_result
    ) -> Iterator[Outcome[object] | WorkerEvent]:
        """Yield each program with its result or a failure when it ends, and events in between.

        Programs on the same loss run in a group that may share a loop, and a worker runs some groups at the same time.
        If these exceed the deadline or the process dies, the programs with code that ran then have failed. If these are
        not known, each group runs again alone, and then each program.

        Args:
            programs: the programs to run.
            deadline: seconds for the groups that run at the same time.
            collect: called in the worker with a program and its engine; its return value is the result.

        Raises:
            WorkerLostError: no worker process could be started.
            WriteError: a worker cannot write the results of a program.
        """
        yield from ProgramRun(self._pools, self._settings, deadline, collect).run(programs)

    def require_device(self, device: str, deadline: float) -> None:
        """Raise DeviceMissingError if TensorFlow does not find a device of the config within ``deadline`` seconds."""
        failure: Failure | None = self._do(Place(), deadline, worker.device_failure, device)
        if failure:
            raise DeviceMissingError(failure.reason)

    def device_names(self, deadline: float) -> list[str] | Failure:
        """Return the devices that TensorFlow finds within ``deadline`` seconds."""
        return self._do(Place(), deadline, worker.device_names)

    def replay(self, program: Program, steps: int, deadline: float) -> Replay | Failure:
        """Return the first ``steps`` steps of a program, run without compilation within ``deadline`` seconds."""
        return self._do(Place(plugins=program.plugins), deadline, worker.replay, program, steps)

    def compare_steps(
        self, one: Program, other: Program, steps: int, ulps: float, deadline: float
    ) -> StepComparison | Failure:
        """Compare the steps of two optimizers within ``deadline`` seconds."""
        place = Place(plugins=tuple(dict.fromkeys((*one.plugins, *other.plugins))))
        return self._do(place, deadline, worker.compare_steps, one, other, steps, ulps)

    def sample(self, ref: LossRef, asks: Sequence[Ask], deadline: float) -> list[Sample | Failure]:
        """Return value and gradient of a loss at the points of each ask, within ``deadline`` seconds in total."""
        samples = self._do(Place(plugins=ref.plugins), deadline, worker.sample, ref, asks)
        return [samples] * len(asks) if isinstance(samples, Failure) else samples

    def grids(self, refs: Sequence[LossRef], deadline: float) -> Iterator[Grid | Failure | None]:
        """Yield the grid of each loss; None for a loss of more than two dimensions without a plane.

        Args:
            refs: the losses.
            deadline: seconds for each group of losses.
        """
        groups = [
            of_place[begin : begin + _GRIDS_PER_TASK]
            for of_place in (list(members) for _, members in groupby(refs, lambda ref: ref.plugins))
            for begin in range(0, len(of_place), _GRIDS_PER_TASK)
        ]
        futures = [
            self._pools.schedule(Place(plugins=group[0].plugins), worker.grids, group, deadline=deadline)
            for group in groups
        ]
        for group, future in zip(groups, futures, strict=True):
            grids = self._result(future, deadline)
            yield from [grids] * len(group) if isinstance(grids, Failure) else grids

    def _do(self, place: Place, deadline: float, task: Callable[..., Result], *arguments: object) -> Result | Failure:
        return self._result(self._pools.schedule(place, task, *arguments, deadline=deadline), deadline)

    def _result(self, future: Future[Result], deadline: float) -> Result | Failure:
        """The result of a task, or why it failed."""
        while not wait([future], timeout=1).done:
            self._pools.revive()
        return failure_of(future, deadline, self._settings.memory_limit) or future.result()
