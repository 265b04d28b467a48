"""Failure as a value, returned in place of a result that could not be produced."""

from __future__ import annotations

from dataclasses import dataclass

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
