"""The error of everything that reads results."""

from __future__ import annotations

MOST_SHOWN = 60
"""Characters of a foreign value in a message."""


class NotResultsError(ValueError):
    """A path contains no readable results. The message says what is missing."""


def shown(value: object) -> str:
    """Return a value that a stranger wrote, for a message: on one line, printable, and not longer than others."""
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
