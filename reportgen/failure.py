"""Failure as a value, returned in place of a result that could not be produced, and failures of the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_CHARACTERS = 600
"""Characters of a reason. A longer one keeps its beginning and its end."""


@dataclass(frozen=True)
class Failure:
    """Why something could not be loaded, run or drawn."""

    reason: str
    """A sentence or sentence fragment, without a full stop, on one line of printable text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", one_line(self.reason))


def one_line(text: str) -> str:
    """Return a text of any origin as one line that can be printed and stored: without controls, and not too long."""
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 100]} ... {text[-95:]}"
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def with_short_words(text: str) -> str:
    """Return a message in which the middle of each word of over 300 characters is left out."""
    return re.sub(r"\S{300,}", lambda word: f"{word[0][:150]}...{word[0][-50:]}", text)


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
