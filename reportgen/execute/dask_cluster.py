"""Runs programs on an existing Dask cluster. Dask schedules the tasks; this module cuts, collects and retries them."""

from __future__ import annotations

import logging
import math
import os
import pickle
import queue
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from reportgen.config.cluster import Cluster
from reportgen.execute.cluster_task import JobResult, run_job, start_server, stop_run
from reportgen.execute.events import ClusterError, ClusterState, WorkerEvent
from reportgen.execute.job import Job, OtherCodeError, Returned, StoreInto
from reportgen.failure import Failure
from reportgen.plan import MOST_WORK, Program
from reportgen.regular_files import parse_json, read_text
from reportgen.shards import cost, cut

if TYPE_CHECKING:
    from distributed import Client, Future

_TASKS_PER_SLOT = 8
"""The most tasks for each that can run at the same time, unless they are huge. If many, the last ones end together."""
_TASK_COST = 5 * 10**8
"""A task costs at least this, unless there are too few: some seconds. Programs of one task can share a loop."""

CONNECT_SECONDS = 30.0
RECONNECT_SECONDS = 120.0
"""How long a scheduler may be away, for example while it is started again."""
_MOST_RECONNECTS = 5
_PORT = 8786
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
_STATE_SECONDS = 1.0


@dataclass(eq=False)
class _Task:
    """Programs that one worker runs together."""

    programs: Sequence[Program]
    attempts: int = 0
    """How often it was lost."""


class DaskCluster:
    """A Dask cluster that runs programs; a context manager that leaves nothing running there."""

    def __init__(self, settings: Cluster, results: Path, memory_limit: int) -> None:
        """Connect to nothing yet.

        Args:
            settings: the address, and what tasks need.
            results: the results folder; its log gets what workers print while programs fail.
            memory_limit: bytes of memory that a worker process may use; 0: no limit.
        """
        self._settings = settings
        self._log = results / "worker.log"
        self._memory_limit = memory_limit
        self._run = f"reportgen-{uuid.uuid4().hex[:12]}"
        self._events: queue.SimpleQueue[WorkerEvent] = queue.SimpleQueue()
        self._tasks: dict[Future[JobResult], _Task] = {}
        self._ended = 0
        self._reconnects = 0
        """Since a task ended."""
        self._client: Client | None = None

    def __enter__(self) -> Self:
        self._client = self._connect(CONNECT_SECONDS)
        # In a thread, because a worker that hangs does not answer.
        threading.Thread(target=self._start_servers, args=(self._client,), daemon=True).start()
        return self

    def _start_servers(self, client: Client) -> None:
        with suppress(Exception):
            client.run(start_server, self._memory_limit, os.environ.get("XLA_FLAGS", ""), on_error="ignore")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        client = self._client
        if client is None:
            return
        stop = threading.Thread(target=self._stop, args=(client,), daemon=True)
        stop.start()
        stop.join(_STOP_SECONDS)  # a worker that hangs does not answer

    def _stop(self, client: Client) -> None:
        with suppress(Exception):
            client.cancel(list(self._tasks), force=True)
            client.run(stop_run, self._run, on_error="ignore")
        with suppress(Exception):
            client.close(timeout=5)

    def run(
        self, programs: Sequence[Program], deadline: float, store: StoreInto
    ) -> Iterator[tuple[Program, Returned | Failure] | WorkerEvent]:
        """Yield each program with what it stored or a failure when its task ends, and events in between.

        Args:
            programs: the programs to run.
            deadline: seconds, as in ``LocalWorkers.run``.
            store: writes the results of a program on the worker.

        Raises:
            ClusterError: a worker has other code, or the scheduler or all workers are away for too long.
        """
        if self._client is None or self._client.status != "running":
            self._reconnect([], deadline, store)
        for members in cut(programs, self._number_of_tasks(programs)):
            self._submit(_Task(members), deadline, store)
        shown, seen = 0.0, time.monotonic()
        while self._tasks:
            if time.monotonic() - shown > _STATE_SECONDS:
                shown = time.monotonic()
                state = self._state()
                if state.workers:
                    seen = shown
                elif shown - seen > max(deadline, RECONNECT_SECONDS):
                    needed = ", ".join(f"{name} = {amount:g}" for name, amount in self._settings.resources.items())
                    which = f"no worker with {needed}" if needed else "no worker"
                    raise ClusterError(f"{self._settings.address}: {which} for {shown - seen:.0f} s; start one")
                yield state
            while not self._events.empty():
                yield self._events.get()
            ended = [future for future in self._tasks if future.status != "pending"]
            for future in ended:
                if future in self._tasks:  # else the connection was lost, and all tasks were submitted again
                    yield from self._end(future, deadline, store)
            if not ended:
                time.sleep(_POLL_SECONDS)
        yield self._state()

    def _number_of_tasks(self, programs: Sequence[Program]) -> int:
        total = sum(map(cost, programs))
        slots = sum(self._slots().values())
        some = max(min(total // _TASK_COST, _TASKS_PER_SLOT * slots), slots)
        return max(min(len(programs), max(some, math.ceil(total / MOST_WORK))), 1)

    def _submit(self, task: _Task, deadline: float, store: StoreInto) -> None:
        assert self._client
        job = Job.of(task.programs, deadline, self._memory_limit, store)
        future = self._client.submit(
            run_job, job, self._run, self._run, pure=False, resources=dict(self._settings.resources) or None
        )
        self._tasks[future] = task

    def _end(
        self, future: Future[JobResult], deadline: float, store: StoreInto
    ) -> Iterator[tuple[Program, Returned | Failure]]:
        """Yield the results of a task that has ended, or start it again."""
        task = self._tasks.pop(future)
        result = self._result(future)
        if result is None:  # the scheduler is away, and has forgotten all tasks
            self._reconnect([task, *self._tasks.values()], deadline, store)
            return
        if isinstance(result, JobResult):
            self._ended += 1
            self._reconnects = 0
            by_id = {program.id: program for program in task.programs}
            self._write_log(result.log)
            yield from ((by_id[each.program_id], each.failure or each) for each in result.returned)
            return
        if isinstance(result, OtherCodeError):
            raise ClusterError(f"a worker of {self._settings.address} {result}")
        if isinstance(result, ImportError):
            raise ClusterError(f"a worker of {self._settings.address} cannot run reportgen: {_first_line(result)}")
        task.attempts += 1
        if len(task.programs) > 1:  # one of them may be to blame
            for program in task.programs:
                self._submit(_Task([program], task.attempts), deadline, store)
        elif task.attempts <= self._settings.retries:
            self._submit(task, deadline, store)
        else:
            self._ended += 1
            yield task.programs[0], Failure(f"given up after {task.attempts} attempts: {_reason(result)}")

    def _result(self, future: Future[JobResult]) -> JobResult | BaseException | None:
        """What a task returned or raised; None if the connection was lost."""
        if future.status in ("cancelled", "lost"):
            return None
        try:
            result: JobResult = future.result()
        except Exception as error:
            return None if type(error).__name__.endswith("CancelledError") else error
        return result

    def _reconnect(self, tasks: Sequence[_Task], deadline: float, store: StoreInto) -> None:
        self._tasks.clear()
        self._reconnects += 1
        if self._reconnects > _MOST_RECONNECTS:
            raise ClusterError(f"{self._settings.address}: the connection was lost {self._reconnects} times in a row")
        if self._client:
            with suppress(Exception):
                self._client.close(timeout=5)
        self._client = self._connect(RECONNECT_SECONDS)
        for task in tasks:
            self._submit(task, deadline, store)

    def _connect(self, seconds: float) -> Client:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError("a cluster needs Dask: pip install 'optimizer-reportgen[cluster]'") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # all that matters is said here
        named = self._settings.address
        address = _address_in(Path(named)) if named.endswith(".json") else named
        try:
            _wait_for_scheduler(address, seconds)
            client = Client(address, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"{named}: no Dask scheduler answers there; expected one: {_first_line(error)}"
            ) from None
        client.subscribe_topic(self._run, self._receive)
        return client

    def _receive(self, event: tuple[float, Any]) -> None:
        if isinstance(event[1], bytes):
            for each in pickle.loads(event[1]):
                self._events.put(each)

    def _state(self) -> ClusterState:
        workers = 0
        with suppress(Exception):  # while the scheduler is away
            workers = len(self._slots())
        return ClusterState(workers, self._ended + len(self._tasks), self._ended)

    def _slots(self) -> dict[str, int]:
        """How many tasks each worker runs at the same time, by address; without those that lack a resource."""
        assert self._client
        needed = self._settings.resources.items()
        return {
            address: min([worker["nthreads"], *(int(worker["resources"][name] // amount) for name, amount in needed)])
            for address, worker in self._client.scheduler_info(n_workers=-1).get("workers", {}).items()
            if all(worker["resources"].get(name, 0) >= amount for name, amount in needed)
        }

    def _write_log(self, text: str) -> None:
        if text:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(text)


def _address_in(file: Path) -> str:
    """The address in a scheduler file."""
    try:
        content = parse_json(read_text(file))
    except (OSError, ValueError):
        content = None
    found = content.get("address") if isinstance(content, dict) else None
    if not isinstance(found, str):
        raise ClusterError(f"{file}: cannot be read; expected the scheduler file of a Dask cluster")
    return found


def _wait_for_scheduler(address: str, seconds: float) -> None:
    """Wait until something listens there: Dask prints more than a sentence if nothing does; OSError if nothing does."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or _PORT), timeout=seconds).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(min(1.0, seconds / 10))
        else:
            return


def _reason(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "each worker that took it ended"
    return _first_line(error)


def _first_line(error: object) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
