"""Run programs in a worker process on this machine, with a deadline each."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pebble import ProcessExpired, ProcessPool

from reportgen.execute import worker
from reportgen.execute.events import Compiling, Running
from reportgen.matrix import Program

Done = tuple[Program, Any]
"""A program with its ProgramResult, or with a text that says why there is none."""


class LocalWorkers:
    """A worker process that runs one program after the other; a context manager that ends it."""

    def __init__(self, log: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._events: Any = context.SimpleQueue()
        self._pool = ProcessPool(
            max_workers=1, initializer=worker.prepare, initargs=(self._events, str(log)), context=context
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

        A program that takes longer than ``deadline`` seconds, or whose process dies, costs itself and no other.
        """
        finished: queue.SimpleQueue[Done] = queue.SimpleQueue()
        for program in programs:
            future = self._pool.schedule(worker.run_program, args=[program], timeout=deadline)
            future.add_done_callback(partial(_finish, finished, program, deadline))
        waiting = len(programs)
        while waiting:
            try:
                done = finished.get(timeout=0.05)
            except queue.Empty:
                yield from self._reported()
                continue
            yield from self._reported()
            waiting -= 1
            yield done

    def _reported(self) -> Iterator[Compiling | Running]:
        while not self._events.empty():
            yield self._events.get()


def _finish(finished: queue.SimpleQueue[Done], program: Program, deadline: float, future: Any) -> None:
    finished.put((program, _outcome(future, deadline)))


def _outcome(future: Any, deadline: float) -> Any:
    try:
        return future.result()
    except DeadlineError:
        return f"took longer than the deadline of {deadline:g} s and was ended"
    except ProcessExpired as error:
        return f"its process died (exit code {error.exitcode})"
    except Exception as error:  # for example a result that cannot be sent back
        return f"{type(error).__name__}: {error}"
