"""What can go wrong when a loss or an optimizer is looked up, each in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UnknownNameError(LookupError):
    """There is nothing of that name: a mistake in the config, or on the command line."""

    def __init__(self, ref: str, kind: str, nearest: str | None, reason: str) -> None:
        super().__init__(ref, kind, nearest, reason)
        self.ref = ref
        self.kind = kind
        """``loss`` or ``optimizer``."""
        self.nearest = nearest
        """The name that was probably meant."""
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class BrokenPluginError(Exception):
    """The file or module is there, but what it holds cannot be used; its cells are reported as failed."""

    def __init__(self, ref: str, reason: str) -> None:
        super().__init__(ref, reason)
        self.ref = ref
        self.reason = reason
        """One line: what was raised, or what is missing, and where."""

    def __str__(self) -> str:
        return f"{self.ref}: {self.reason}"


def nearest_name(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that ``name`` was probably meant to be; a higher ``cutoff`` asks for more likeness."""
    by_folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None


def with_suggestion(reason: str, name: str, known: Iterable[str]) -> str:
    """The reason, with the probable name where there is one."""
    meant = nearest_name(name, known)
    return f"{reason}; did you mean {meant}?" if meant else reason
