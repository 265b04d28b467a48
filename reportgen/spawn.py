"""Starts processes that run plug-ins. They do not import the main module, and end with their parent.

On Linux the workers are forked from one process that has imported TensorFlow.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

_lock = threading.Lock()
_PRELOADED = "reportgen.execute.preload"

# A GPU driver may not survive a fork. It was not tried.
IS_FORKED = sys.platform == "linux" and not any(map(Path.exists, map(Path, ("/dev/nvidiactl", "/dev/kfd"))))
"""Whether workers are forked from one process that has imported TensorFlow, and not started from the beginning."""


class _WithoutMainModule:
    """Mixed into a class of processes.

    A new process normally executes the script again that started it. Then a script without the guard
    ``if __name__ == "__main__"`` would run everything twice. Workers need nothing from it.
    """

    def start(self) -> None:
        """Start the process. For a forked worker this blocks until TensorFlow is imported."""
        with ExitStack() as self._hidden:
            self._hidden.enter_context(_main_module_hidden())
            super().start()  # type: ignore[misc]

    def run(self) -> None:
        """Do the work. A worker replaces ``os._exit``, with which a forked process ends."""
        end_process = os._exit
        try:
            super().run()  # type: ignore[misc]
        finally:
            os._exit = end_process

    def __getstate__(self) -> dict[str, Any]:
        # A process is pickled after its parent has looked up the main module, and before the parent waits.
        self._hidden.close()
        return {name: value for name, value in vars(self).items() if name != "_hidden"}


class SpawnedProcess(_WithoutMainModule, context.SpawnProcess):
    """A process that starts from the beginning."""


class SpawnedContext(context.SpawnContext):
    """The context of ``multiprocessing`` for processes that start from the beginning."""

    Process = SpawnedProcess


if sys.platform == "linux":

    class ForkedProcess(_WithoutMainModule, context.ForkServerProcess):
        """A worker that is forked after TensorFlow is imported."""

        def start(self) -> None:
            """Start the process, and before it the one from which all are forked, which Ctrl-C does not reach."""
            from multiprocessing import forkserver

            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                with _lock, _without_current_folder():
                    forkserver.ensure_running()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            super().start()

    class ForkedContext(context.ForkServerContext):
        """The context of ``multiprocessing`` for forked workers."""

        Process = ForkedProcess


@contextmanager
def _without_current_folder() -> Iterator[None]:
    """Let a new process import nothing from the current folder, which may hold another copy of this package."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    with _lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def worker_context() -> context.BaseContext:
    """Return the context of worker processes."""
    if sys.platform == "linux" and IS_FORKED:
        forked = ForkedContext()
        forked.set_forkserver_preload([_PRELOADED])
        return forked
    return SpawnedContext()


def end_with_parent() -> None:
    """Make this process the leader of a group that ends with it, and with its parent, however these end.

    A child process watches both: a thread could not while the code of a plug-in does not let go of the interpreter.
    """
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(os, "fork"):
        return
    os.setsid()
    watched = os.getpid()
    if os.fork():
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while os.getppid() == watched and not wait([parent.sentinel], timeout=_WATCH_SECONDS):
        pass
    os.killpg(0, signal.SIGKILL)


_WATCH_SECONDS = 0.3


def kill_group(process: BaseProcess) -> None:
    """Kill a process together with all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and process.pid is not None and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
