"""Runs programs in worker processes on this machine, each program with a deadline."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as DeadlineError
from itertools import groupby
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, overload

from pebble import ProcessExpired, ProcessPool

from reportgen.engine.result import Grid, ProgramResult, Replay
from reportgen.engine.sampled import Ask, LossRef, Sample
from reportgen.execute import compile_cache, worker
from reportgen.execute.events import WorkerEvent, WorkerLostError
from reportgen.failure import Failure
from reportgen.plan import Program
from reportgen.tf_setup import QUICK, tier_of

Result = TypeVar("Result")
Outcome = tuple[Program, Result | Failure]
"""A program with its result, or with the reason why it failed."""
WorkerKind = tuple[str, bool]
"""Tier of a worker, and whether it caches compiled programs."""

_THREADS = min(os.cpu_count() or 1, 4)
"""Programs that a worker compiles at the same time. Tracing is Python: more threads do not make it faster."""

_GRIDS_PER_TASK = 16
"""Losses that one task evaluates for their pictures. A crash affects only these."""

TASKS = 64
"""Tasks after which a worker is replaced: TensorFlow never frees about 7 MB of each compiled program."""


class LocalWorkers:
    """Worker processes that run programs, one per tier; a context manager that stops them."""

    def __init__(self, log: Path, compile_cache: bool = True) -> None:
        """Start no process yet.

        Args:
            log: the file for the output of the workers.
            compile_cache: whether to cache compiled programs between processes.
        """
        self._context = multiprocessing.get_context("spawn")
        self._events: SimpleQueue[WorkerEvent] = self._context.SimpleQueue()
        self._log = log
        self._compile_cache = compile_cache
        self._pools: dict[WorkerKind, ProcessPool] = {}
        self._caches: list[Path] = []

    def start(self, programs: Sequence[Program] = ()) -> None:
        """Start the workers that ``programs`` need, or one of the quick tier, so that they import TensorFlow now."""
        # Pebble starts a process with its first task.
        for tier in sorted({_tier(program) for program in programs}) or [QUICK]:
            self._pool(tier).schedule(worker.no_op)

    def _pool(self, tier: str = QUICK, cached: bool = True) -> ProcessPool:
        """The pool of the worker of a tier; ``cached`` is whether it may use the compile cache."""
        kind = (tier, cached and self._compile_cache)
        if kind not in self._pools:
            cache = compile_cache.working_folder(tier) if kind[1] else None
            self._caches += [cache] if cache else []
            self._pools[kind] = ProcessPool(
                max_workers=1,
                max_tasks=TASKS,
                initializer=worker.prepare,
                initargs=(self._events, str(self._log), tier, cache),
                context=self._context,
            )
        return self._pools[kind]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for pool in self._pools.values():
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble's method has no types
        for pool in self._pools.values():
            pool.join()
        for cache in self._caches:
            compile_cache.clean_up(cache)

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

        Programs run in groups, and the programs of a group at the same time. If a group exceeds the deadline or its
        process dies, each of its programs runs again alone, so that only the culprit fails. If a full disk prevents
        caching, the program runs again without the cache.

        Args:
            programs: the programs to run.
            deadline: seconds for each group of programs.
            collect: called in the worker with a program and its engine; its return value is the result.

        Raises:
            WorkerLostError: no worker process could be started.
        """
        finished: _FinishedQueue[object] = queue.SimpleQueue()
        for _, of_tier in groupby(sorted(programs, key=_tier), _tier):
            same_tier = list(of_tier)
            for begin in range(0, len(same_tier), _THREADS):
                self._submit(same_tier[begin : begin + _THREADS], deadline, collect, finished)
        waiting = len(programs)
        while waiting:
            try:
                group, future = finished.get(timeout=0.05)
            except queue.Empty:
                yield from self._pending_events()
                self._require_alive()
                continue
            yield from self._pending_events()
            results = self._result(future, deadline)
            if isinstance(results, Failure) and len(group) > 1:
                for program in group:
                    self._submit([program], deadline, collect, finished)
                continue
            for program, result in zip(group, [results] if isinstance(results, Failure) else results, strict=True):
                if isinstance(result, worker.CacheWriteFailure):
                    self._submit([program], deadline, collect, finished, cached=False)
                    continue
                waiting -= 1
                yield program, result

    def replay(self, program: Program, steps: int, deadline: float) -> Replay | Failure:
        """Return the first ``steps`` steps of a program, run without compilation within ``deadline`` seconds."""
        future = self._pool().schedule(worker.replay, args=[program, steps], timeout=deadline)
        return self._result(future, deadline)

    def sample(self, ref: LossRef, asks: Sequence[Ask], deadline: float) -> list[Sample | Failure]:
        """Return value and gradient of a loss at the points of each ask, within ``deadline`` seconds in total."""
        future = self._pool().schedule(worker.sample, args=[ref, asks], timeout=deadline)
        samples = self._result(future, deadline)
        return [samples] * len(asks) if isinstance(samples, Failure) else samples

    def grids(self, refs: Sequence[LossRef], deadline: float) -> Iterator[Grid | Failure | None]:
        """Yield the grid of each loss; None for a loss of more than two dimensions without a plane.

        Args:
            refs: the losses.
            deadline: seconds for each group of losses.
        """
        groups = [refs[begin : begin + _GRIDS_PER_TASK] for begin in range(0, len(refs), _GRIDS_PER_TASK)]
        futures = [self._pool().schedule(worker.grids, args=[group], timeout=deadline) for group in groups]
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
        future = self._pool().schedule(worker.try_load, args=[ref, base], timeout=deadline)
        return self._result(future, deadline)

    def _submit(
        self,
        group: Sequence[Program],
        deadline: float,
        collect: worker.Collect[Result],
        finished: _FinishedQueue[Result],
        *,
        cached: bool = True,
    ) -> None:
        pool = self._pool(_tier(group[0]), cached)
        future = pool.schedule(worker.run_programs, args=[group, collect], timeout=deadline)
        future.add_done_callback(lambda done: finished.put((group, done)))

    def _pending_events(self) -> Iterator[WorkerEvent]:
        while not self._events.empty():
            yield self._events.get()

    def _require_alive(self) -> None:
        """Raise WorkerLostError if no worker could be started: Pebble gives up then and leaves the futures pending."""
        if not all(pool.active for pool in self._pools.values()):
            raise WorkerLostError("the worker exited during start-up; see worker.log")

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


_Finished = tuple[Sequence[Program], Future[list[Result | Failure | worker.CacheWriteFailure]]]
_FinishedQueue = queue.SimpleQueue[_Finished[Result]]
"""Groups of programs with their finished tasks."""


def _tier(program: Program) -> str:
    return tier_of(program.runs * program.settings.steps * len(program.starts[0][1]))
