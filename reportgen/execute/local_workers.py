"""Runs programs in worker processes on this machine, each program with a deadline."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as DeadlineError
from itertools import groupby
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, overload

from pebble import ProcessExpired, ProcessPool

from reportgen.engine.result import Grid, ProgramResult, Replay, StepComparison
from reportgen.engine.sampled import Ask, LossRef, Sample
from reportgen.execute import worker
from reportgen.execute.events import DeviceMissingError, FlagsIgnored, WorkerEvent, WorkerLostError
from reportgen.execute.spawn import WorkerContext
from reportgen.execute.xla_flags import unknown_flags
from reportgen.failure import Failure, WriteError
from reportgen.plan import Program
from reportgen.regular_files import create_for_appending
from reportgen.tf_setup import QUICK, tier_of

Result = TypeVar("Result")
Outcome = tuple[Program, Result | Failure]
"""A program with its result, or with the reason why it failed."""
Group = Sequence[Program]
"""Programs on the same loss, which may share a loop."""

LOOPS_PER_TASK = 4
"""Loops that a worker handles at the same time. It traces them one after another, and compiles and runs the others."""

_RULES_PER_LOOP = 16
"""Maximum number of programs that share a loop."""

_GRIDS_PER_TASK = 16
"""Losses that one task evaluates for their pictures. A crash affects only these."""

_LOST = "the worker exited during start-up; see worker.log"

TASKS = 16
"""Tasks after which a worker is replaced: TensorFlow never frees the 10 MB or more of each compiled loop."""


class LocalWorkers:
    """Worker processes that run programs, one per tier; a context manager that stops them."""

    def __init__(self, log: Path, tasks: int | None = None, verified_steps: int | None = None) -> None:
        """Start no process yet.

        Args:
            log: the file for the output of the workers.
            tasks: tasks after which a worker is replaced; None: ``TASKS``.
            verified_steps: the most steps by which optimizers of other frameworks are verified; None: the default.
        """
        self._tasks = tasks or TASKS
        self._verified_steps = verified_steps
        self._context = WorkerContext()
        self._messages: SimpleQueue[WorkerEvent | worker.Finished] = self._context.SimpleQueue()
        self._log = log
        self._pools: dict[str, ProcessPool] = {}
        self._ignored: dict[str, None] = {}
        """XLA flags that TensorFlow does not know."""

    def start(self, programs: Sequence[Program] = ()) -> None:
        """Start the workers that ``programs`` need, or one of the quick tier, so that they import TensorFlow now."""
        # Pebble starts a process with its first task.
        for tier in sorted({_tier(program) for program in programs}) or [QUICK]:
            self._schedule(worker.no_op, tier=tier)

    def _schedule(
        self, task: Callable[..., Result], *arguments: object, deadline: float | None = None, tier: str = QUICK
    ) -> Future[Result]:
        """Let the worker of a tier do a task within ``deadline`` seconds; None: without a limit."""
        try:
            future: Future[Result] = self._pool(tier).schedule(task, args=arguments, timeout=deadline)
        except RuntimeError as error:  # Pebble has given up
            raise WorkerLostError(_LOST) from error
        return future

    def _pool(self, tier: str) -> ProcessPool:
        """The pool of the worker of a tier."""
        if tier not in self._pools:
            create_for_appending(self._log)  # a worker that cannot open it could not say why
            omit = unknown_flags(tier)
            self._ignored.update(dict.fromkeys(omit))
            self._pools[tier] = ProcessPool(
                max_workers=1,
                max_tasks=self._tasks,
                initializer=worker.prepare,
                initargs=(self._messages, str(self._log), tier, omit, self._verified_steps),
                context=self._context,
            )
        return self._pools[tier]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for pool in self._pools.values():
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble's method has no types
        for pool in self._pools.values():
            pool.join()

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
        If these exceed the deadline or the process dies, each group runs again alone, and then each program, so that
        only the culprit fails.

        Args:
            programs: the programs to run.
            deadline: seconds for the groups that run at the same time.
            collect: called in the worker with a program and its engine; its return value is the result.

        Raises:
            WorkerLostError: no worker process could be started.
            WriteError: a worker cannot write the results of a program.
        """
        tasks: _Tasks = queue.SimpleQueue()
        for _, of_tier in groupby(sorted(programs, key=_tier), _tier):
            groups = list(_groups(of_tier))
            for begin in range(0, len(groups), LOOPS_PER_TASK):
                self._submit(groups[begin : begin + LOOPS_PER_TASK], deadline, collect, tasks)
        if self._ignored:
            yield FlagsIgnored(tuple(self._ignored))
        pending = {program.id: program for program in programs}
        while pending:
            yield from self._receive(pending)
            try:
                ran, future = tasks.get(timeout=0.05)
            except queue.Empty:
                self._require_alive()
                continue
            # A task sends its results before it ends.
            yield from self._receive(pending)
            ended = self._result(future, deadline)
            for finished in ended if isinstance(ended, list) else []:
                yield pending.pop(finished.program_id), _result_of(finished)
            left = [part for group in ran if (part := [program for program in group if program.id in pending])]
            if isinstance(ended, Failure) and sum(map(len, left)) == 1:
                ((program,),) = left
                yield pending.pop(program.id), ended
            else:
                for group in _split(left):
                    self._submit([group], deadline, collect, tasks)

    def require_device(self, device: str, deadline: float) -> None:
        """Raise DeviceMissingError if TensorFlow does not find a device of the config within ``deadline`` seconds."""
        future = self._schedule(worker.device_failure, device, deadline=deadline)
        failure: Failure | None = self._result(future, deadline)
        if failure:
            raise DeviceMissingError(failure.reason)

    def device_names(self, deadline: float) -> list[str] | Failure:
        """Return the devices that TensorFlow finds within ``deadline`` seconds."""
        return self._result(self._schedule(worker.device_names, deadline=deadline), deadline)

    def replay(self, program: Program, steps: int, deadline: float) -> Replay | Failure:
        """Return the first ``steps`` steps of a program, run without compilation within ``deadline`` seconds."""
        future = self._schedule(worker.replay, program, steps, deadline=deadline)
        return self._result(future, deadline)

    def compare_steps(
        self, one: Program, other: Program, steps: int, ulps: float, deadline: float
    ) -> StepComparison | Failure:
        """Compare the steps of two optimizers within ``deadline`` seconds."""
        future = self._schedule(worker.compare_steps, one, other, steps, ulps, deadline=deadline)
        return self._result(future, deadline)

    def sample(self, ref: LossRef, asks: Sequence[Ask], deadline: float) -> list[Sample | Failure]:
        """Return value and gradient of a loss at the points of each ask, within ``deadline`` seconds in total."""
        future = self._schedule(worker.sample, ref, asks, deadline=deadline)
        samples = self._result(future, deadline)
        return [samples] * len(asks) if isinstance(samples, Failure) else samples

    def grids(self, refs: Sequence[LossRef], deadline: float) -> Iterator[Grid | Failure | None]:
        """Yield the grid of each loss; None for a loss of more than two dimensions without a plane.

        Args:
            refs: the losses.
            deadline: seconds for each group of losses.
        """
        groups = [refs[begin : begin + _GRIDS_PER_TASK] for begin in range(0, len(refs), _GRIDS_PER_TASK)]
        futures = [self._schedule(worker.grids, group, deadline=deadline) for group in groups]
        for group, future in zip(groups, futures, strict=True):
            grids = self._result(future, deadline)
            yield from [grids] * len(group) if isinstance(grids, Failure) else grids

    def load_failure(self, ref: str, base: Path, deadline: float) -> Failure | None:
        """Return why loading a plug-in would hang or end this process; None if it would not.

        Args:
            ref: an optimizer, a loss or a file.
            base: the folder that files are relative to.
            deadline: seconds after which loading counts as hanging.
        """
        future = self._schedule(worker.try_load, ref, base, deadline=deadline)
        return self._result(future, deadline)

    def _submit(self, groups: Sequence[Group], deadline: float, collect: worker.Collect[object], tasks: _Tasks) -> None:
        tier = _tier(groups[0][0])
        future = self._schedule(worker.run_programs, groups, collect, deadline=deadline, tier=tier)
        future.add_done_callback(lambda done: tasks.put((groups, done)))

    def _receive(self, pending: dict[str, Program]) -> Iterator[Outcome[object] | WorkerEvent]:
        """Yield what the workers have sent, and remove programs that have ended from ``pending``."""
        while not self._messages.empty():
            message = self._messages.get()
            if not isinstance(message, worker.Finished):
                yield message
            elif message.program_id in pending:
                yield pending.pop(message.program_id), _result_of(message)

    def _require_alive(self) -> None:
        """Raise WorkerLostError if no worker could be started: Pebble gives up then and leaves the futures pending."""
        if not all(pool.active for pool in self._pools.values()):
            raise WorkerLostError(_LOST)

    def _result(self, future: Future[Result], deadline: float) -> Result | Failure:
        """The result of a task, or why it failed."""
        while not wait([future], timeout=1).done:
            self._require_alive()
        try:
            return future.result()
        except DeadlineError:
            return Failure(f"exceeded the deadline of {deadline:g} s and was stopped")
        except ProcessExpired as error:
            return Failure(f"its process died (exit code {error.exitcode})")
        except Exception as error:  # for example a result that cannot be pickled
            return Failure(f"{type(error).__name__}: {error}")


_Tasks = queue.SimpleQueue[tuple[Sequence[Group], "Future[list[worker.Finished]]"]]
"""Tasks that have ended, with the groups of programs that they ran."""


def _result_of(finished: worker.Finished) -> object:
    if isinstance(finished.result, WriteError):
        raise finished.result
    return finished.result


def _groups(programs: Iterable[Program]) -> Iterator[Group]:
    """The programs, grouped by what those of a loop must have in common."""
    by_loss: dict[str, list[Program]] = {}
    for program in programs:
        facts = (
            *(program.loss, program.loss_ref, program.changes, program.dim),
            *(program.base, program.seeds, program.settings),
        )
        by_loss.setdefault(repr(facts), []).append(program)
    for group in by_loss.values():
        for begin in range(0, len(group), _RULES_PER_LOOP):
            yield group[begin : begin + _RULES_PER_LOOP]


def _split(groups: Sequence[Group]) -> Sequence[Group]:
    """Smaller parts of groups that failed together."""
    return groups if len(groups) > 1 else [[program] for group in groups for program in group]


def _tier(program: Program) -> str:
    return tier_of(program.runs * program.settings.steps * len(program.starts[0][1]))
