"""Runs programs on an existing Dask cluster. Dask schedules the tasks; this module cuts, collects and retries them."""

from __future__ import annotations

import logging
import math
import os
import pickle
import queue
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reportgen.config.cluster import Cluster
from reportgen.execute.cluster_task import JobResult, run_job, start_server, stop_run, versions
from reportgen.execute.events import ClusterError, ClusterState, WorkerEvent
from reportgen.execute.job import Job, OtherCodeError, Returned, StoreInto, Versions
from reportgen.failure import Failure
from reportgen.plan import MOST_WORK, Program
from reportgen.shards import cost, shard_numbers

if TYPE_CHECKING:
    from distributed import Client, Future

_TASKS_PER_SLOT = 3
"""Tasks for each that can run at the same time: with more, the last ones end together; with fewer, loops are shared."""

CONNECT_SECONDS = 30.0
RECONNECT_SECONDS = 120.0
"""How long a scheduler may be away, for example while it is started again."""
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
        self._client: Client | None = None

    def __enter__(self) -> Self:
        self._client = self._connect(CONNECT_SECONDS)
        self._check_versions()
        self._client.run(start_server, self._memory_limit, os.environ.get("XLA_FLAGS", ""), on_error="ignore")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        client = self._client
        if client is None:
            return
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
        for members in self._cut(programs):
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

    def _cut(self, programs: Sequence[Program]) -> Iterator[list[Program]]:
        """Neighbours in the plan, which share loops, in tasks of about equal cost."""
        if not programs:
            return
        costs = [cost(program) for program in programs]
        slots = sum(self._slots().values())
        count = min(len(programs), max(_TASKS_PER_SLOT * slots, math.ceil(sum(costs) / MOST_WORK), 1))
        numbered = zip(shard_numbers(costs, count), programs, strict=True)
        for _, members in groupby(numbered, key=lambda pair: pair[0]):
            yield [program for _, program in members]

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
            by_id = {program.id: program for program in task.programs}
            self._write_log(result.log)
            yield from ((by_id[each.program_id], each.failure or each) for each in result.returned)
            return
        if isinstance(result, OtherCodeError):
            raise ClusterError(f"a worker of {self._settings.address} {result}")
        task.attempts += 1
        if len(task.programs) > 1:  # one of them may be to blame
            for program in task.programs:
                self._submit(_Task([program], task.attempts), deadline, store)
        elif task.attempts <= self._settings.retries:
            self._submit(task, deadline, store)
        else:
            self._ended += 1
            yield task.programs[0], Failure(f"its workers were lost {task.attempts} times: {_reason(result)}")

    def _result(self, future: Future[JobResult]) -> JobResult | BaseException | None:
        """What a task returned or raised; None if the connection was lost."""
        if future.status in ("cancelled", "lost"):
            return None
        try:
            result: JobResult = future.result(timeout=RECONNECT_SECONDS)
        except Exception as error:
            return None if type(error).__name__.endswith("CancelledError") else error
        return result

    def _reconnect(self, tasks: Sequence[_Task], deadline: float, store: StoreInto) -> None:
        self._tasks.clear()
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
        address = self._settings.address
        options: dict[str, Any] = {"address": address}
        if address.endswith(".json"):
            if not Path(address).is_file():
                raise ClusterError(f"{address}: no such file; expected the scheduler file of a Dask cluster")
            options = {"scheduler_file": address}
        try:
            client = Client(**options, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"{address}: no Dask scheduler answers there; expected one: {_first_line(error)}"
            ) from error
        client.subscribe_topic(self._run, self._receive)
        return client

    def _receive(self, event: tuple[float, Any]) -> None:
        if isinstance(event[1], bytes):
            for each in pickle.loads(event[1]):
                self._events.put(each)

    def _check_versions(self) -> None:
        """Refuse workers with other versions. Those that join later are checked when they get a task."""
        assert self._client
        here = Versions.here()
        for address, found in self._client.run(versions, on_error="return").items():
            if found != here:
                has = f"has {found}" if isinstance(found, Versions) else f"cannot run reportgen: {_first_line(found)}"
                raise ClusterError(f"worker {address} {has}; expected {here}")

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
            for address, worker in self._client.scheduler_info(n_workers=-1)["workers"].items()
            if all(worker["resources"].get(name, 0) >= amount for name, amount in needed)
        }

    def _write_log(self, text: str) -> None:
        if text:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(text)


def _reason(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "each of them ended while it ran the program"
    return _first_line(error)


def _first_line(error: object) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
