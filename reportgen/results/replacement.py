"""Replaces files of a folder together, even if the process is killed meanwhile: the tables of results, or a site.

New files are first written to a hidden folder within. When they are complete, that folder is renamed, and then its
files are moved: pages after what they show, and the record of all files last. A process that is killed before the
renaming changes nothing; after it, ``complete_replacement`` goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reportgen.results.files import MANIFEST, SITE_RECORD, has_digest, inner_path, is_inside, read_json, write_json

_UNFINISHED, _COMPLETE = ".reportgen-unfinished", ".reportgen-complete"
_OBSOLETE = ".obsolete.json"
_RECORDS = (MANIFEST, SITE_RECORD)
_INDEX = "index.html"


@contextmanager
def replacement(folder: Path) -> Iterator[Path]:
    """Yield an empty folder for new files, which replace the old ones if the block succeeds."""
    unfinished = folder / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(folder / _COMPLETE)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    complete_replacement(folder)


def mark_obsolete(new: Path, files: Mapping[str, str]) -> None:
    """Have files removed after the new ones are in place.

    Args:
        new: the folder of the new files.
        files: the SHA-256 of each file by name; one with another content stays, since it is another's.
    """
    write_json(new / _OBSOLETE, dict(files))


def is_replacement_pending(folder: Path) -> bool:
    """Whether a process is moving new files into place, or was killed while it did."""
    return (folder / _COMPLETE).is_dir()


def complete_replacement(folder: Path) -> None:
    """Move the new files into place if a process was killed before it had moved all of them.

    Raises:
        OSError: a file cannot be moved, or would be moved through a symbolic link.
    """
    complete = folder / _COMPLETE
    if complete.is_symlink() or not complete.is_dir():
        return
    files = (path for path in complete.rglob("*") if path.is_symlink() or not path.is_dir())
    found = {path.relative_to(complete).as_posix() for path in files} - {_OBSOLETE}
    # A page that is there already may be read now: what it will link to comes first.
    names = sorted(found, key=lambda name: (_is_page(name), (folder / name).exists(), name == _INDEX, name))
    for name in names:
        if name not in _RECORDS:
            _move(complete, folder, name)
    obsolete = read_json(complete / _OBSOLETE)
    digests = obsolete if isinstance(obsolete, dict) else {}
    for name in sorted(digests, key=lambda name: (not _is_page(name), name)):
        _remove(folder, name, digests[name])
    for name in names:
        if name in _RECORDS:
            _move(complete, folder, name)
    shutil.rmtree(complete)


def _is_page(name: str) -> bool:
    return name.endswith(".html")


def _move(complete: Path, folder: Path, name: str) -> None:
    target = inner_path(folder, str(Path(name).parent)) / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    (complete / name).replace(target)


def _remove(folder: Path, name: str, digest: object) -> None:
    if is_inside(name):
        path = inner_path(folder, name)
        if has_digest(path, digest):
            path.unlink()
