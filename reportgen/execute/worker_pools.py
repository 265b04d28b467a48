"""The worker processes of this machine: one for each tier and each set of plug-ins."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from pebble import ProcessPool

from reportgen.execute import worker
from reportgen.execute.events import WorkerLostError
from reportgen.execute.worker_log import WorkerLog
from reportgen.execute.xla_flags import unknown_flags
from reportgen.regular_files import create_for_appending
from reportgen.spawn import worker_context
from reportgen.tf_setup import QUICK

Result = TypeVar("Result")

TASKS = 16
"""Tasks after which a worker is replaced: TensorFlow never frees the 10 MB or more of each compiled loop."""

MOST_IDLE = 2
"""Workers of plug-ins that wait for more tasks. Each takes a few hundred MB."""

_LOST = "the worker exited during start-up; see worker.log"


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
        self._working: Counter[Place] = Counter()
        """Tasks of each place that have not ended."""
        self._stopping: list[threading.Thread] = []
        self._starting: threading.Thread | None = None
        self._lock = threading.Lock()
        self._count_lock = threading.Lock()

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
        self._count(place, 1)
        try:
            future: Future[Result] = self._pool(place).schedule(task, args=arguments, timeout=deadline)
        except RuntimeError as error:  # Pebble has given up
            raise WorkerLostError(_LOST) from error
        future.add_done_callback(lambda _: self._count(place, -1))
        return future

    def _count(self, place: Place, more: int) -> None:
        with self._count_lock:
            self._working[place] += more

    def _stop_idle(self, needed: Place) -> None:
        """End the oldest idle workers of plug-ins, if there are many and another one is needed."""
        if needed in self._pools or not needed.plugins:
            return
        idle = [place for place in list(self._pools) if place.plugins and self._working[place] <= 0]
        for place in idle[: max(len(idle) + 1 - MOST_IDLE, 0)]:
            self.stop(place)

    def stop(self, place: Place) -> None:
        """End the worker of a place, whether it works or not."""
        pool = self._pools.pop(place, None)
        if pool:
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble's method has no types
            thread = threading.Thread(target=pool.join)  # which ends the process, and takes a tenth of a second
            thread.start()
            self._stopping = [*filter(threading.Thread.is_alive, self._stopping), thread]

    def require_alive(self) -> None:
        """Raise WorkerLostError if no worker could be started: Pebble gives up then and leaves the futures pending."""
        if not all(pool.active for pool in list(self._pools.values())):
            raise WorkerLostError(_LOST)

    def _pool(self, place: Place) -> ProcessPool:
        with self._lock:
            if place not in self._pools:
                create_for_appending(self._settings.log)  # a worker that cannot open it could not say why
                omit = unknown_flags(place.tier)
                self.ignored.update(dict.fromkeys(omit))
                settings = self._settings
                arguments = (self.messages, str(settings.log), dict(os.environ), place.tier, omit)
                self._pools[place] = ProcessPool(
                    max_workers=1,
                    max_tasks=settings.tasks or TASKS,
                    initializer=worker.prepare,
                    initargs=(*arguments, settings.memory_limit, settings.verified_steps),
                    context=self._context,
                )
            return self._pools[place]
