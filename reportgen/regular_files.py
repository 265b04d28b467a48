"""Reads files by name that anybody may have put there: only regular files, and only up to a limit.

A named pipe would block the process for ever, and a device or a huge file would fill its memory.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

SOURCE_LIMIT = 1 << 24
"""Bytes of the largest file that is written by hand: a config, a plug-in, a template."""
RECORD_LIMIT = 1 << 28
"""Bytes of the largest file that is read whole: a manifest, a page, an image."""


@contextmanager
def open_regular(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading in blocks.

    Raises:
        OSError: it cannot be opened, or it is a folder, a pipe or a device.
    """
    with open(path, "rb", opener=_open_without_waiting) as file:
        _require_regular(path, os.fstat(file.fileno()).st_mode)
        yield file


def create_for_appending(path: Path) -> None:
    """Create an empty file unless there is one that can be written.

    Raises:
        OSError: it cannot be written, or it is a folder, a pipe or a device.
    """
    if path.exists():
        _require_regular(path, path.stat().st_mode)
    with path.open("ab"):
        pass


def read_bytes(path: Path, limit: int = RECORD_LIMIT) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
    """
    with open_regular(path) as file:
        # The size that a file system states need not be the number of bytes that it delivers.
        size = os.fstat(file.fileno()).st_size
        content = file.read(limit + 1) if size <= limit else b""
    if max(size, len(content)) > limit:
        raise OSError(errno.EFBIG, f"is too large; expected at most {limit / 2**20:g} MiB", str(path))
    return content


def read_text(path: Path, limit: int = SOURCE_LIMIT) -> str:
    """Return the text of a regular file in UTF-8, with ``\\n`` as line ends; otherwise as ``read_bytes``.

    Raises:
        OSError: as ``read_bytes``.
        UnicodeDecodeError: the file is not in UTF-8.
    """
    return read_bytes(path, limit).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "is a folder; expected a file", str(path))
    if not stat.S_ISREG(mode):
        kind = "named pipe" if stat.S_ISFIFO(mode) else "device"
        raise OSError(errno.EINVAL, f"is a {kind}; expected a file", str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe opens at once instead of waiting for a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_json(text: str | bytes) -> Any:
    """Return the parsed text. Raises ValueError if it is not JSON, or is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("found JSON that is nested too deeply; expected fewer levels") from None
