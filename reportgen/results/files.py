"""The files of a results folder, and atomic writing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from reportgen.failure import write_errors
from reportgen.regular_files import RECORD_LIMIT, open_regular, parse_json, read_text

RUNS, TRACES, GRIDS, PATHS = "runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet"
TABLES = (RUNS, TRACES, GRIDS, PATHS)
MANIFEST = "manifest.json"
PARTS = "parts"
"""The folder of the programs that are not in the tables."""
SHARD_RECORD = "shard.json"
"""The record of a shard, next to its parts."""
SITE_RECORD = "site.json"
"""The record of a site next to its pages."""


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


def is_inside(name: object) -> bool:
    """Whether ``name`` is the relative path of a file that cannot be outside its folder."""
    path = PurePosixPath(str(name))
    return isinstance(name, str) and bool(path.parts) and not path.is_absolute() and ".." not in path.parts


@contextmanager
def atomic_replace(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces ``path`` if the block succeeds, and is deleted otherwise.

    Raises:
        WriteError: ``path`` cannot be written.
    """
    with write_errors(path):
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
    """Return the parsed file, or None if it is missing, damaged, too large or not a regular file."""
    try:
        content: object = parse_json(read_text(path, RECORD_LIMIT))
    except (OSError, ValueError):
        return None
    return content


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_digest(path: Path, digest: object) -> bool:
    """Whether ``path`` is a regular file with this SHA-256."""
    try:
        return sha256(path) == digest
    except OSError:
        return False
