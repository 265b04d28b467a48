"""How fast run-steps are made, and how long the rest of them will take."""

from __future__ import annotations

import time
from collections.abc import Callable

from reportgen.execute.events import CompileStart, Event, PlanReady, ProgramEnd, RunStart, StepProgress


class Pace:
    """Counts run-steps; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.total = 0
        """Run-steps that have to be made."""
        self._finished = 0
        self._stepped: dict[str, int] = {}
        """Those of each program that is not finished."""
        self._origin: tuple[float, int] | None = None
        """When the first program was compiled, and what was done by then: starting up is no part of the pace."""
        self._latest = (0.0, 0)

    def note(self, event: Event) -> None:
        """Take note of what has happened."""
        match event:
            case PlanReady():
                self.total = event.run_steps
            case CompileStart():  # perhaps again, where a program beside it ended their process
                self._stepped[event.program] = 0
            case RunStart() if self._origin is None:
                self._origin = (self._clock(), self.done)
            case StepProgress():
                self._stepped[event.program] = self._stepped.get(event.program, 0) + event.run_steps
            case ProgramEnd():
                self._stepped.pop(event.program, None)
                self._finished += event.run_steps
        self._latest = (self._clock(), self.done)

    @property
    def done(self) -> int:
        """Run-steps that were made, or will not be made any more."""
        return min(self._finished + sum(self._stepped.values()), self.total)

    @property
    def rate(self) -> float | None:
        """Run-steps a second; None as long as nothing is known of it."""
        if self._origin is None:
            return None
        (began, before), (now, done) = self._origin, self._latest
        return (done - before) / (now - began) if done > before and now > began else None

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take; None as long as nothing is known of it."""
        if not self.rate:
            return None
        now, done = self._latest
        return max((self.total - done) / self.rate - (self._clock() - now), 0.0)
