"""Replaces all tables of a results folder and its manifest together, even if the process is killed meanwhile.

New files are first written to a folder next to them. When they are complete, the folder is renamed, and then the files
are moved. A process that is killed before the renaming changes nothing; after it, ``complete_replacement`` goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.results.files import MANIFEST, TABLES

_UNFINISHED, _COMPLETE = ".unfinished", ".complete"


@contextmanager
def replacement(folder: Path) -> Iterator[Path]:
    """Yield an empty folder for the new tables and manifest, which replace the old ones if the block succeeds."""
    unfinished = folder / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(folder / _COMPLETE)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    complete_replacement(folder)


def complete_replacement(folder: Path) -> None:
    """Move the new files into place if a process was killed before it had moved all of them."""
    complete = folder / _COMPLETE
    if not complete.is_dir():
        return
    for name in (*TABLES, MANIFEST):
        if (complete / name).exists():
            (complete / name).replace(folder / name)
    shutil.rmtree(complete)
