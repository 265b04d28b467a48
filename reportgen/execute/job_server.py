"""A process that runs jobs one after another, and keeps its worker processes between them.

A scheduler's worker cannot run programs itself: it may be forbidden to start worker processes, and it must survive
whatever a plug-in does. So it starts this process, and sends jobs to its standard input.
"""

from __future__ import annotations

import os
import pickle
import platform
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from reportgen.execute.events import WorkerEvent, WorkerLostError
from reportgen.execute.job import Job, OtherCodeError, check_code
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure


@dataclass(frozen=True)
class Ended:
    """A program that has ended. Its results are in the folder of the job unless it failed."""

    program_id: str
    fingerprint: str
    failure: Failure | None


@dataclass(frozen=True)
class JobEnd:
    """The job has ended."""

    problem: str = ""
    """Why it was not run to its end; empty if it was."""
    is_other_code: bool = False
    """Whether the problem is that this machine has other code than the one that planned the programs."""


Message = WorkerEvent | Ended | JobEnd


class ServerEndedError(Exception):
    """The process has ended while it ran a job."""


class JobServer:
    """Starts the process, and sends jobs to it."""

    def __init__(self, log: Path, memory_limit: int, environ: dict[str, str]) -> None:
        """Start the process; it imports TensorFlow at once.

        Args:
            log: the file for the output of the worker processes.
            memory_limit: bytes of memory that a worker process may use; 0: no limit.
            environ: environment variables in addition to those of this process.
        """
        self._process = subprocess.Popen(
            # Not as a script: what it pickles must be found in this module.
            [sys.executable, "-P", "-c", f"from {__name__} import main; main()", str(log), str(memory_limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environ,
            start_new_session=True,
        )

    def run(self, job: Job, folder: Path) -> Iterator[Message]:
        """Run a job, and yield what happens; the results are written into ``folder``.

        Raises:
            ServerEndedError: the process has ended.
        """
        inbox, outbox = self._process.stdin, self._process.stdout
        assert inbox
        assert outbox
        try:
            pickle.dump((job, folder), inbox)
            inbox.flush()
            while True:
                message: Message = pickle.load(outbox)
                yield message
                if isinstance(message, JobEnd):
                    return
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise ServerEndedError(f"its process ended with exit code {self._process.wait()}") from error

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process. Its workers end with it."""
        self._process.kill()
        self._process.wait()


def _serve(log: Path, memory_limit: int, outbox: IO[bytes]) -> None:
    jobs: queue.SimpleQueue[tuple[Job, Path]] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    with LocalWorkers(log, memory_limit=memory_limit) as workers:
        workers.start()
        while True:
            job, folder = jobs.get()
            for message in _run(job, folder, workers):
                pickle.dump(message, outbox)
                outbox.flush()


def _read_jobs(jobs: queue.SimpleQueue[Any]) -> None:
    """Pass jobs on; end this process if the one that sends them has ended."""
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))
    finally:  # also after half of a job
        os._exit(0)


def _run(job: Job, folder: Path, workers: LocalWorkers) -> Iterator[Message]:
    try:
        programs = job.unpacked(folder / "files")
        check_code(programs)
        for item in workers.run(programs, job.deadline, partial(job.store, folder / "parts", host=platform.node())):
            if isinstance(item, tuple):
                program, result = item
                yield Ended(program.id, program.fingerprint, result if isinstance(result, Failure) else None)
            else:
                yield item
        yield JobEnd()
    except OtherCodeError as error:
        yield JobEnd(str(error), is_other_code=True)
    except (OSError, WorkerLostError) as error:
        yield JobEnd(str(error))


def main() -> None:
    """Run jobs until standard input ends. Arguments of the command line: the log, and the limit of memory."""
    # What any library prints must not reach the messages.
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(Path(sys.argv[1]), int(sys.argv[2]), outbox)
    except BaseException:
        traceback.print_exc()
    os._exit(1)  # the thread that reads would block an orderly end
