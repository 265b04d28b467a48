"""Estimates the pace of a build in run-steps per second, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from reportgen.execute.events import CompileStart, Event, PlanReady, ProgramEnd, RunStart, StepProgress


class Pace:
    """Counts finished run-steps; ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.total = 0
        """Run-steps that the build has to make."""
        self._finished = 0
        """Run-steps of finished programs."""
        self._running: dict[str, int] = {}
        """Run-steps done so far by each unfinished program."""
        self._origin: tuple[float, int] | None = None
        """Time and run-steps when the first program was compiled; the start-up before does not count."""
        self._latest = (0.0, 0)
        """Time and run-steps at the latest event."""

    def update(self, event: Event) -> None:
        """Count the run-steps of an event."""
        match event:
            case PlanReady():
                self.total = event.run_steps
            case CompileStart():  # a program starts again if another one ended their worker process
                self._running[event.program] = 0
            case RunStart() if self._origin is None:
                self._origin = (self._clock(), self.done)
            case StepProgress():
                self._running[event.program] = self._running.get(event.program, 0) + event.run_steps
            case ProgramEnd():
                self._running.pop(event.program, None)
                self._finished += event.run_steps
        self._latest = (self._clock(), self.done)

    @property
    def done(self) -> int:
        """Run-steps that are done, or will never run because their program failed."""
        return min(self._finished + sum(self._running.values()), self.total)

    @property
    def rate(self) -> float | None:
        """Run-steps per second; None while unknown."""
        if self._origin is None:
            return None
        (start, done_at_start), (now, done) = self._origin, self._latest
        return (done - done_at_start) / (now - start) if done > done_at_start and now > start else None

    @property
    def remaining(self) -> float | None:
        """Estimated seconds until the end; None while unknown."""
        if not self.rate:
            return None
        now, done = self._latest
        return max((self.total - done) / self.rate - (self._clock() - now), 0.0)
