"""The lock of a results folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the results folder for this process; BlockingIOError if another process has locked it."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        message = "locked by another reportgen process; wait for it, or choose another --output"
        raise BlockingIOError(errno.EWOULDBLOCK, message, str(folder)) from None
