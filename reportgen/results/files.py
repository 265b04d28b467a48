"""The files of a results folder, and atomic writing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUNS, TRACES, GRIDS, PATHS = "runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet"
TABLES = (RUNS, TRACES, GRIDS, PATHS)
MANIFEST = "manifest.json"


def inner_path(folder: Path, name: str) -> Path:
    """Return the path of a file below ``folder``.

    The folder itself may be a symbolic link, but nothing below it: a link could lead outside.

    Raises:
        OSError: the file, or a folder on the way to it, is a symbolic link.
    """
    path = folder / name
    for part in (path, *path.parents):
        if part == folder:
            break
        if part.is_symlink():
            raise OSError(errno.ELOOP, "is a symbolic link, which reportgen does not follow; remove it", str(part))
    return path


@contextmanager
def atomic_replace(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces ``path`` if the block succeeds, and is deleted otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp creates a file that only the user can read; a published file must be readable by all.
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as JSON with sorted keys, atomically."""
    with atomic_replace(path) as temporary:
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> object:
    """Return the parsed file, or None if it is missing or damaged."""
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # deep nesting exceeds the recursion limit
        return None
    return value


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
