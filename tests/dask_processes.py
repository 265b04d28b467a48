"""Real ``dask scheduler`` and ``dask worker`` processes on this machine."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from conftest import PATIENCE


class Processes:
    """A scheduler and its workers; all of them end with the context."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.environ = os.environ | environ
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self._numbers = itertools.count()

    def start_scheduler(self, port: int = 0) -> None:
        self.file.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", "--port", str(port), "--scheduler-file", str(self.file))
        wait_until(self.file.exists)

    def start_workers(self, count: int, *options: str) -> None:
        names = {f"worker-{next(self._numbers)}" for _ in range(count)}
        for name in names:
            arguments = ("--scheduler-file", str(self.file), "--nthreads", "1", "--name", name)
            self.workers.append(
                self._start("worker", *arguments, "--local-directory", str(self.folder / name), *options)
            )
        with self.client() as client:
            wait_until(lambda: names <= {worker["name"] for worker in client.scheduler_info(-1)["workers"].values()})

    @contextmanager
    def more_workers(self, *options: str) -> Iterator[None]:
        """One more worker during the block."""
        self.start_workers(1, *options)
        try:
            yield
        finally:
            _end([self.workers.pop()])

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--host", "127.0.0.1"]
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    @contextmanager
    def client(self) -> Iterator[Any]:
        from distributed import Client

        with Client(scheduler_file=str(self.file), timeout=PATIENCE, set_as_default=False) as client:
            yield client

    def stop(self) -> None:
        _end([*self.workers, *filter(None, [self.scheduler])])


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        for number in (signal.SIGCONT, signal.SIGTERM):
            _signal(process, number)
    for process in processes:
        try:
            process.wait(20)  # a nanny may wait for a worker that was killed
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def dask_processes(folder: Path, workers: int = 2, **environ: str) -> Iterator[Processes]:
    """A scheduler with workers of one thread each. ``environ``: settings of Dask."""
    processes = Processes(folder, environ)
    try:
        processes.start_scheduler()
        processes.start_workers(workers)
        yield processes
    finally:
        processes.stop()


def wait_until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
