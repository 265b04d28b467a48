"""Starts worker processes that do not import the main module; on Linux they are forked after TensorFlow is imported."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import context
from pathlib import Path
from types import ModuleType
from typing import Any

_lock = threading.Lock()
_PRELOADED = "reportgen.execute.preload"

# A GPU driver may not survive a fork. It was not tried.
IS_FORKED = sys.platform == "linux" and not any(map(Path.exists, map(Path, ("/dev/nvidiactl", "/dev/kfd"))))
"""Whether workers are forked from one process that has imported TensorFlow, and not started from the beginning."""

if sys.platform == "linux":
    _Process = context.ForkServerProcess if IS_FORKED else context.SpawnProcess
    _Context = context.ForkServerContext if IS_FORKED else context.SpawnContext
else:
    _Process, _Context = context.SpawnProcess, context.SpawnContext


class WorkerProcess(_Process):  # type: ignore[misc, valid-type]  # one of two classes
    """A process without the main module of its parent.

    A new process normally executes the script again that started it. Then a script without the guard
    ``if __name__ == "__main__"`` would run everything twice. Workers need nothing from it.
    """

    def start(self) -> None:
        """Start the process. This blocks until TensorFlow is imported, if workers are forked."""
        if IS_FORKED:
            _start_fork_server()
        with ExitStack() as self._hidden:
            self._hidden.enter_context(_main_module_hidden())
            super().start()

    def run(self) -> None:
        """Do the work. A worker replaces ``os._exit``, with which a forked process ends."""
        end_process = os._exit
        try:
            super().run()
        finally:
            os._exit = end_process

    def __getstate__(self) -> dict[str, Any]:
        # A process is pickled after its parent has looked up the main module, and before the parent waits.
        self._hidden.close()
        return {name: value for name, value in vars(self).items() if name != "_hidden"}


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    with _lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _start_fork_server() -> None:
    """Start the process from which workers are forked, unless it runs. Ctrl-C never reaches it."""
    from multiprocessing import forkserver

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class WorkerContext(_Context):  # type: ignore[misc, valid-type]  # one of two classes
    """The context of ``multiprocessing`` for worker processes."""

    Process = WorkerProcess


def worker_context() -> WorkerContext:
    """Return the context of worker processes."""
    if IS_FORKED:
        multiprocessing.get_context("forkserver").set_forkserver_preload([_PRELOADED])
    return WorkerContext()
