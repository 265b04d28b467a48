"""The lock of a results folder or of the folder of a site."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.results.replacement import complete_replacement, is_replacement_pending


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder for this process, and complete a replacement of its files that was interrupted.

    Raises:
        BlockingIOError: another process has locked it.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            complete_replacement(folder)
            yield
    except Timeout:
        message = "locked by another reportgen process; wait for it, or choose another --output"
        raise BlockingIOError(errno.EWOULDBLOCK, message, str(folder)) from None


def complete_pending(folder: Path) -> None:
    """Complete a replacement of the files in a folder that was interrupted; without one, nothing is written.

    Raises:
        BlockingIOError: another process makes it now.
    """
    if is_replacement_pending(folder):
        with locked(folder):
            pass
