"""Starts worker processes that do not import the main module."""

from __future__ import annotations

import sys
import threading
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType

_lock = threading.Lock()


class WorkerProcess(SpawnProcess):
    """A spawned process without the main module of its parent.

    A spawned process normally executes the script again that started it. Then a script without the guard
    ``if __name__ == "__main__"`` would run everything twice. Workers need nothing from it.
    """

    def start(self) -> None:
        """Start the process."""
        with _lock:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class WorkerContext(SpawnContext):
    """The context of ``multiprocessing`` for worker processes."""

    Process = WorkerProcess
