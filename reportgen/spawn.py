"""Starts processes that run plug-ins. They do not import the main module, and end with their parent.

On Linux the workers are forked from one process that has imported TensorFlow.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
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


_MOST_BYTES_OF_FOLDER = 70


def worker_context() -> context.BaseContext:
    """Return the context of worker processes."""
    # The first process that is forked is found by a socket in the temporary folder, with a path of at most 107 bytes.
    has_room = len(os.fsencode(tempfile.gettempdir())) <= _MOST_BYTES_OF_FOLDER
    if sys.platform == "linux" and IS_FORKED and has_room:
        forked = ForkedContext()
        forked.set_forkserver_preload([_PRELOADED])
        return forked
    return SpawnedContext()


@functools.cache
def temporary_folder() -> str:
    """Return the folder for what the processes of this one write and never delete, as TensorFlow does if it is killed.

    It is deleted when this process ends.
    """
    folder = tempfile.mkdtemp(prefix="reportgen-")
    _temporary_folders.append(folder)
    return folder


_temporary_folders: list[str] = []


@atexit.register  # while this module is imported, so that it is called after those who stop the processes
def _delete_temporary_folders() -> None:
    for folder in _temporary_folders:
        shutil.rmtree(folder, ignore_errors=True)


def end_with_parent(temporary: str) -> None:
    """Make this process the leader of a group that ends with it, and with its parent, however these end.

    A child process watches both: a thread could not while the code of a plug-in does not let go of the interpreter.

    Args:
        temporary: the folder for temporary files, which is deleted if the parent cannot do that.
    """
    os.environ["TMPDIR"] = temporary
    tempfile.tempdir = None  # it may have been asked for before
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(os, "fork"):
        return
    os.setsid()
    watched = os.getpid()
    if os.fork():
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ended: list[object] = []
    while os.getppid() == watched and not ended:
        ended += wait([parent.sentinel], timeout=_WATCH_SECONDS)
    if ended:
        with suppress(ProcessLookupError):
            os.kill(watched, signal.SIGKILL)
        shutil.rmtree(temporary, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


_WATCH_SECONDS = 0.3


def kill_group(process: BaseProcess) -> None:
    """Kill a process together with all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and process.pid is not None and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
