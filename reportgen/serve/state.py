"""The state that the browser asks for: the version of the report, and what is wrong with the edited files."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """One state of the report."""

    version: int
    """Grows when the report or the error changes."""
    error: str
    """What is wrong with the edited files, in lines; empty if nothing is."""
    built: int
    """Number of the report; 0: it is not built yet."""


class LiveState:
    """The current state, for several threads."""

    def __init__(self, *, has_report: bool) -> None:
        """``has_report`` says whether an earlier report can be shown."""
        self._status = Status(1, "", int(has_report))
        self._changed = threading.Condition()

    def update(self, error: str, *, built: bool) -> None:
        """Set the error, and say whether there is a new report."""
        with self._changed:
            if built or error != self._status.error:
                self._status = Status(self._status.version + 1, error, self._status.built + built)
                self._changed.notify_all()

    @property
    def status(self) -> Status:
        """The current state."""
        return self._status

    def wait(self, version: int, seconds: float) -> Status:
        """Return the status as soon as its version is another one, or after some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._status.version != version, seconds)
            return self._status
