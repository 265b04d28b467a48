"""The worker processes of this machine: one for each tier and each set of plug-ins."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from pebble import ProcessPool

from reportgen.execute import worker
from reportgen.execute.events import WorkerLostError
from reportgen.execute.worker_log import WorkerLog
from reportgen.execute.xla_flags import unknown_flags
from reportgen.regular_files import create_for_appending
from reportgen.spawn import IS_FORKED, temporary_folder, worker_context
from reportgen.tf_setup import QUICK

Result = TypeVar("Result")

TASKS = 4 if IS_FORKED else 16
"""Tasks after which a worker is replaced: TensorFlow never frees the 10 to 40 MB of each compiled loop."""

MOST_IDLE = 2
"""Workers of plug-ins that wait for more tasks. Each takes a few hundred MB."""

MOST_LOST = 3
"""Workers of a place that may be lost one after another while they have no task, for example while they start."""


class Place(NamedTuple):
    """Which worker runs a task."""

    tier: str = QUICK
    """XLA reads its flags once per process."""
    plugins: tuple[str, ...] = ()
    """The files and modules of the plug-ins. They may change whatever their process has loaded."""


@dataclass(frozen=True)
class WorkerSettings:
    """What holds for all workers."""

    log: Path
    """The file for their output."""
    tasks: int | None = None
    """Tasks after which a worker is replaced; None: ``TASKS``."""
    verified_steps: int | None = None
    """The most steps by which optimizers of other frameworks are verified; None: the default."""
    memory_limit: int = 0
    """Bytes of memory that a worker may use; 0: no limit."""


@dataclass(eq=False)
class _Task:
    """What a worker does, or will do again if it is lost before it begins."""

    place: Place
    call: Callable[[], Any]
    deadline: float | None
    future: Future[Any] = field(default_factory=Future)


class WorkerPools:
    """Starts a worker when the first task of its place comes; a context manager that stops all of them."""

    def __init__(self, settings: WorkerSettings) -> None:
        """Start no process yet."""
        self._settings = settings
        self._log = WorkerLog(settings.log)
        self._context = worker_context()
        self.messages: SimpleQueue[worker.Message] = self._context.SimpleQueue()
        """What the workers send."""
        self.ignored: dict[str, None] = {}
        """XLA flags that TensorFlow does not know."""
        self._pools: dict[Place, ProcessPool] = {}
        self._tasks: dict[Place, list[_Task]] = {}
        """Tasks of each place that have not ended."""
        self._lost: Counter[Place] = Counter()
        """Workers of each place that were lost since a task of it ended."""
        self._stopping: list[threading.Thread] = []
        self._starting: threading.Thread | None = None
        self._lock = threading.Lock()
        self._tasks_lock = threading.Lock()

    def __enter__(self) -> Self:
        self._log.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._starting and not isinstance(error, KeyboardInterrupt):
            self._starting.join()
        for place in list(self._pools):
            self.stop(place)
        for thread in self._stopping:
            thread.join()
        self._log.__exit__(kind, error, tb)

    def start(self, places: Iterable[Place]) -> None:
        """Start the workers of some places, without waiting for them."""
        self._starting = threading.Thread(target=self._start, args=(list(places),), daemon=True)
        self._starting.start()

    def _start(self, places: Iterable[Place]) -> None:
        for place in places:
            with contextlib.suppress(Exception):  # it is raised again when the worker is needed
                self.schedule(place, worker.no_op)  # Pebble starts a process with its first task

    def schedule(
        self, place: Place, task: Callable[..., Result], *arguments: object, deadline: float | None = None
    ) -> Future[Result]:
        """Let the worker of a place do a task within ``deadline`` seconds; None: without a limit."""
        self._stop_idle(place)
        todo = _Task(place, partial(task, *arguments), deadline)
        with self._tasks_lock:
            self._tasks.setdefault(place, []).append(todo)
        self._submit(todo)
        return todo.future

    def _submit(self, task: _Task) -> None:
        with contextlib.suppress(RuntimeError):  # the worker was lost, which ``revive`` finds
            future: Future[Any] = self._pool(task.place).schedule(task.call, timeout=task.deadline)
            future.add_done_callback(partial(self._end, task))

    def _end(self, task: _Task, ended: Future[Any]) -> None:
        """Give a task the result of the worker, unless the worker was lost before it began."""
        if ended.cancelled() or isinstance(ended.exception(), BrokenProcessPool):
            return
        with self._tasks_lock:
            tasks = self._tasks.get(task.place, [])
            if task not in tasks:
                return
            tasks.remove(task)
            self._lost[task.place] = 0
        error = ended.exception()
        if error:
            task.future.set_exception(error)
        else:
            task.future.set_result(ended.result())

    def revive(self) -> None:
        """Start a new worker for each one that was lost before it began a task. To be called while waiting for one.

        Raises:
            WorkerLostError: ``MOST_LOST`` workers of a place were lost one after another.
        """
        for place in [place for place, pool in list(self._pools.items()) if _is_lost(pool)]:
            self._lost[place] += 1
            if self._lost[place] >= MOST_LOST:
                raise WorkerLostError(f"{MOST_LOST} workers exited before they began to work; see {self._settings.log}")
            tasks = self._tasks.get(place, [])
            self.stop(place)
            self._tasks[place] = tasks
            for task in list(tasks):
                self._submit(task)

    def _stop_idle(self, needed: Place) -> None:
        """End the oldest idle workers of plug-ins, if there are many and another one is needed."""
        if needed in self._pools or not needed.plugins:
            return
        idle = [place for place in list(self._pools) if place.plugins and not self._tasks.get(place)]
        for place in idle[: max(len(idle) + 1 - MOST_IDLE, 0)]:
            self.stop(place)

    def stop(self, place: Place) -> None:
        """End the worker of a place, whether it works or not. Its tasks never end."""
        pool = self._pools.pop(place, None)
        self._tasks.pop(place, None)
        if pool:
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble's method has no types
            thread = threading.Thread(target=pool.join)  # which ends the process, and takes a tenth of a second
            thread.start()
            self._stopping = [*filter(threading.Thread.is_alive, self._stopping), thread]

    def _pool(self, place: Place) -> ProcessPool:
        with self._lock:
            if place not in self._pools:
                create_for_appending(self._settings.log)  # a worker that cannot open it could not say why
                omit = unknown_flags(place.tier)
                self.ignored.update(dict.fromkeys(omit))
                settings = self._settings
                arguments = (self.messages, str(settings.log), dict(os.environ), temporary_folder(), place.tier, omit)
                self._pools[place] = ProcessPool(
                    max_workers=1,
                    max_tasks=settings.tasks or TASKS,
                    initializer=worker.prepare,
                    initargs=(*arguments, settings.memory_limit, settings.verified_steps),
                    context=self._context,
                )
            return self._pools[place]


def _is_lost(pool: ProcessPool) -> bool:
    try:
        return not pool.active  # Pebble starts the process here, if it has not yet
    except BrokenProcessPool:
        return True
