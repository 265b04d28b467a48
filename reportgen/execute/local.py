"""Run programs in a worker process on this machine, with a deadline each."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from concurrent.futures import wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pebble import ProcessExpired, ProcessPool

from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute import worker
from reportgen.execute.events import Compiling, Running, WorkerLost
from reportgen.matrix import Program

Done = tuple[Program, Any]
"""A program with its ProgramResult, or with a text that says why there is none."""
Programs = Sequence[Program]
Future = Any
"""Pebble's, which has no types."""

_THREADS = min(os.cpu_count() or 1, 4)
"""Programs that a worker compiles at the same time; tracing is Python and does not get faster beyond a few."""

_GRIDS = 16
"""Losses that are evaluated for their pictures in one task; what ends its process costs these and no others."""

TASKS = 64
"""Groups of programs after which a worker makes way for a new one: TensorFlow keeps some 7 MB of each it compiled."""


class LocalWorkers:
    """A worker process that runs programs; a context manager that ends it."""

    def __init__(self, log: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._events: Any = context.SimpleQueue()
        self._pool = ProcessPool(
            max_workers=1,
            max_tasks=TASKS,
            initializer=worker.prepare,
            initargs=(self._events, str(log)),
            context=context,
        )

    def start(self) -> None:
        """Have TensorFlow imported before there is work: Pebble starts its processes with the first task."""
        self._pool.schedule(worker.ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # Pebble's is without types
        self._pool.join()

    def run(self, programs: Sequence[Program], deadline: float) -> Iterator[Done | Compiling | Running]:
        """Yield each program when it is done, and events in between.

        Programs run side by side, one a processor. One that takes longer than ``deadline`` seconds, or whose process
        dies, costs itself and no other: those beside it are run again by themselves, and so is it, to be sure.
        """
        finished: queue.SimpleQueue[tuple[Programs, Future]] = queue.SimpleQueue()
        for begin in range(0, len(programs), _THREADS):
            self._submit(programs[begin : begin + _THREADS], deadline, finished)
        waiting = len(programs)
        while waiting:
            try:
                group, future = finished.get(timeout=0.05)
            except queue.Empty:
                yield from self._reported()
                self._require_alive()
                continue
            yield from self._reported()
            results = self._results(future, deadline)
            if isinstance(results, str) and len(group) > 1:
                for program in group:
                    self._submit([program], deadline, finished)
                continue
            waiting -= len(group)
            yield from zip(group, [results] if isinstance(results, str) else results, strict=True)

    def replay(self, program: Program, steps: int, deadline: float) -> Any:
        """The Replay of the program's first steps, or a text that says why there is none."""
        return self._results(self._pool.schedule(worker.replay, args=[program, steps], timeout=deadline), deadline)

    def sample(self, ref: LossRef, asks: Sequence[Ask], deadline: float) -> list[Any]:
        """For each the Sample of a loss, or a text that says why there is none."""
        found = self._results(self._pool.schedule(worker.sample, args=[ref, asks], timeout=deadline), deadline)
        return [found] * len(asks) if isinstance(found, str) else list(found)

    def grids(self, refs: Sequence[LossRef], deadline: float) -> Iterator[Any]:
        """For each loss its Grid, None where more than two dimensions have no plane, or a text: why there is none."""
        groups = [refs[begin : begin + _GRIDS] for begin in range(0, len(refs), _GRIDS)]
        futures = [self._pool.schedule(worker.grids, args=[group], timeout=deadline) for group in groups]
        for group, future in zip(groups, futures, strict=True):
            found = self._results(future, deadline)
            yield from [found] * len(group) if isinstance(found, str) else found

    def unloadable(self, ref: str, base: Path, deadline: float) -> str | None:
        """Why loading ``ref``, as ``worker.load`` does, would hang or end this process; None where it would not."""
        future = self._pool.schedule(worker.load, args=[ref, base], timeout=deadline)
        reason: str | None = self._results(future, deadline)
        return reason

    def _submit(self, group: Programs, deadline: float, finished: queue.SimpleQueue[tuple[Programs, Future]]) -> None:
        future = self._pool.schedule(worker.run_programs, args=[group], timeout=deadline)
        future.add_done_callback(lambda done: finished.put((group, done)))

    def _reported(self) -> Iterator[Compiling | Running]:
        while not self._events.empty():
            yield self._events.get()

    def _require_alive(self) -> None:
        """WorkerLost where no worker could be started: Pebble gives up then, and leaves the futures as they are."""
        if not self._pool.active:
            raise WorkerLost("the worker process ended before it could begin; its log says why, if anything does")

    def _results(self, future: Future, deadline: float) -> Any:
        """What the worker sent back, or a text: why it could not."""
        while not wait([future], timeout=1).done:
            self._require_alive()
        try:
            return future.result()
        except DeadlineError:
            return f"took longer than the deadline of {deadline:g} s and was ended"
        except ProcessExpired as error:
            return f"its process died (exit code {error.exitcode})"
        except Exception as error:  # for example a result that cannot be sent back
            return f"{type(error).__name__}: {error}"
