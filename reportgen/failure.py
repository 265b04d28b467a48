"""Failure as a value, returned in place of a result that could not be produced, and failures of the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """Why something could not be loaded, run or drawn."""

    reason: str
    """A sentence or sentence fragment, without a full stop."""


class WriteError(OSError):
    """A file could not be written: the disk is full, for example. No plug-in is to blame for it."""


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Raise an error of writing ``path`` as a WriteError that names it: many name no file, or a temporary one."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        # Arrow puts more into its text than the system says.
        text = os.strerror(error.errno) if error.errno else str(error)
        raise WriteError(error.errno, text, str(path)) from error
