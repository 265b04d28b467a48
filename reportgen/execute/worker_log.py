"""Keeps the log of the workers small: a plug-in that prints in a loop would fill the disk in seconds."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_BYTES = 16 << 20
"""Size at which the middle of the log is removed."""
KEPT_BYTES = 1 << 20
"""Bytes that are kept of its beginning, and of its end."""
_SECONDS = 0.1
"""Time between two looks at the size."""


class WorkerLog:
    """Limits the size of a log while other processes append to it; a context manager."""

    def __init__(self, path: Path) -> None:
        """Do nothing yet. ``path`` need not exist."""
        self.path = path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        shorten(self.path)

    def _watch(self) -> None:
        while not self._ended.wait(_SECONDS):
            shorten(self.path)


def shorten(path: Path, limit: int = MOST_BYTES) -> None:
    """Remove the middle of a log of more than ``limit`` bytes."""
    try:
        size = path.stat().st_size
        if size <= limit:
            return
        with path.open("r+b") as file:
            file.seek(size - KEPT_BYTES)
            end = file.read(KEPT_BYTES)
            file.truncate(KEPT_BYTES)
            file.seek(0, 2)
            file.write(b"\n... %d bytes left out ...\n" % (size - 2 * KEPT_BYTES) + end)
    except OSError:  # it was removed meanwhile
        return
