"""What a worker of a Dask cluster does: it passes jobs to a process of its own, and returns their results."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.execute.events import StepProgress, WorkerEvent
from reportgen.execute.job import Job, OtherCodeError, Returned, Versions
from reportgen.execute.job_server import Ended, JobEnd, JobServer, ServerEndedError

_SECONDS_BETWEEN_EVENTS = 0.5
_THREAD_LIMITS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
_LOG_BYTES = 20_000
"""The end of the log that comes back."""


@dataclass(frozen=True)
class JobResult:
    """What comes back of a job."""

    returned: tuple[Returned, ...]
    log: str
    """The end of what TensorFlow and plug-ins printed; empty unless a program failed."""


@dataclass(frozen=True)
class _Settings:
    """What holds for a server as long as it runs."""

    memory_limit: int
    xla_flags: str
    threads: int
    """Processors that it may use: the tasks of a worker share them."""


class Servers:
    """The servers of this process: as many as it runs tasks at the same time, and kept for the next task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[_Settings, JobServer]] = []
        self._busy: dict[JobServer, str] = {}
        """The run that each server works for."""
        self._stopped: set[str] = set()
        """Runs that were stopped: their tasks may still arrive."""
        self._folder = tempfile.TemporaryDirectory(prefix="reportgen-")

    @property
    def log(self) -> Path:
        """The log of all servers."""
        return Path(self._folder.name) / "worker.log"

    @contextmanager
    def server(self, settings: _Settings, run: str) -> Iterator[JobServer]:
        """A server for a job. It is kept if the job ends well, and ended otherwise."""
        server = self._take(settings, run)
        try:
            yield server
        except BaseException:
            server.stop()
            raise
        else:
            with self._lock:
                if run not in self._stopped:
                    self._idle.append((settings, server))
        finally:
            with self._lock:
                self._busy.pop(server, None)

    @property
    def busy(self) -> int:
        """Number of servers that run a job."""
        return len(self._busy)

    def start(self, settings: _Settings) -> None:
        """Start a server before there is a job, unless one is idle."""
        with self._lock:
            if not any(known == settings for known, _ in self._idle):
                self._idle.append((settings, self._new(settings)))

    def _take(self, settings: _Settings, run: str) -> JobServer:
        with self._lock:
            if run in self._stopped:
                raise ServerEndedError("the run was stopped")
            found = next((pair for pair in self._idle if pair[0] == settings and pair[1].is_alive), None)
            if found:
                self._idle.remove(found)
            server = found[1] if found else self._new(settings)
            self._busy[server] = run
            return server

    def _new(self, settings: _Settings) -> JobServer:
        limits = {name: os.environ.get(name, str(settings.threads)) for name in _THREAD_LIMITS}
        return JobServer(self.log, settings.memory_limit, {"XLA_FLAGS": settings.xla_flags, **limits})

    def stop(self, run: str) -> None:
        """End the idle servers, and those that work for a run."""
        with self._lock:
            self._stopped.add(run)
            ended = [server for _, server in self._idle] + [server for server, of in self._busy.items() if of == run]
            self._idle.clear()
        for server in ended:
            server.stop()


_servers: Servers | None = None


def get_servers() -> Servers:
    """Return the servers of this process."""
    global _servers
    _servers = _servers or Servers()
    return _servers


def _settings(memory_limit: int, xla_flags: str, worker: Any) -> _Settings:
    return _Settings(memory_limit, xla_flags, max((os.cpu_count() or 1) // max(worker.state.nthreads, 1), 1))


def start_server(memory_limit: int, xla_flags: str, dask_worker: Any) -> None:
    """Let this worker import TensorFlow before it has a task. Dask passes ``dask_worker``."""
    get_servers().start(_settings(memory_limit, xla_flags, dask_worker))


def stop_run(run: str) -> None:
    """End all that this worker does for a run."""
    get_servers().stop(run)


def run_job(job: Job, run: str, topic: str) -> JobResult:
    """Run a job, and report its progress.

    Args:
        job: the programs.
        run: the name of the run that it belongs to.
        topic: where events are sent, as lists.

    Raises:
        OtherCodeError: this worker has other versions or other code than the machine that planned the programs.
        ServerEndedError: the process that ran the job has ended.
    """
    from distributed import get_worker

    here = Versions.here()
    if job.versions != here:
        raise OtherCodeError(f"has {here}; expected {job.versions}")
    servers = get_servers()
    returned: list[Returned] = []
    with (
        tempfile.TemporaryDirectory(prefix="reportgen-job-") as name,
        servers.server(_settings(job.memory_limit, job.xla_flags, get_worker()), run) as server,
        _sent_events(topic) as events,
    ):
        folder = Path(name)
        for message in server.run(job, folder):
            match message:
                case Ended():
                    files = _files(folder / "parts" / message.fingerprint)
                    returned.append(Returned(message.program_id, message.failure, files))
                case JobEnd() if message.is_other_code:
                    raise OtherCodeError(message.problem)
                case JobEnd() if message.problem:
                    raise ServerEndedError(message.problem)
                case JobEnd():
                    pass
                case _:
                    events.add(message)
    failed = any(each.failure for each in returned)
    return JobResult(tuple(returned), _end_of(servers.log) if failed else "")


def _files(part: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in part.iterdir()} if part.is_dir() else {}


def _end_of(log: Path) -> str:
    try:
        return log.read_bytes()[-_LOG_BYTES:].decode(errors="replace")
    except OSError:
        return ""


class _Events:
    """Events that wait to be sent: many steps become one event."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._waiting: list[WorkerEvent] = []
        self._sent = 0.0

    def add(self, event: WorkerEvent) -> None:
        last = self._waiting[-1] if self._waiting else None
        if isinstance(event, StepProgress) and isinstance(last, StepProgress) and last.program == event.program:
            self._waiting[-1] = StepProgress(event.program, last.run_steps + event.run_steps)
        else:
            self._waiting.append(event)
        if time.monotonic() - self._sent > _SECONDS_BETWEEN_EVENTS:
            self.send()

    def send(self) -> None:
        import pickle

        from distributed import get_worker

        payload: Any = pickle.dumps(self._waiting)
        get_worker().log_event(self._topic, payload)
        self._waiting, self._sent = [], time.monotonic()


@contextmanager
def _sent_events(topic: str) -> Iterator[_Events]:
    events = _Events(topic)
    yield events
    events.send()
