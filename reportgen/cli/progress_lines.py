"""Progress as plain lines, for a build of which the messages go to a file or to a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from reportgen.eta import Pace
from reportgen.execute.events import (
    ClusterState,
    CompileStart,
    Event,
    FigureStart,
    PlanReady,
    ProgramEnd,
    ReportEnd,
    RunStart,
)
from reportgen.progress import WIDTH, format_pace, machines

SECONDS = 10.0
"""Time between two lines, and before the first one: a shorter build prints none."""


class ProgressLines:
    """Prints a line with the time left every 10 s."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Print nothing yet.

        Args:
            write: prints a line.
            clock: returns seconds.
        """
        self._write = write
        self._clock = clock
        self._latest = clock()
        """When the last line was printed, or the build began."""
        self._pace = Pace(clock)
        self._finished = 0
        self._programs = 0
        self._activity = "planning"
        self._machines = ""
        """The state of the cluster, if there is one."""
        self._lock = threading.Lock()

    def show(self, event: Event) -> None:
        """Note an event, and print a line if it is time."""
        with self._lock:
            self._note(event)
        self.tick()

    def _note(self, event: Event) -> None:
        self._pace.update(event)
        match event:
            case PlanReady():
                self._finished, self._programs = event.reused, event.programs
                self._activity = "starting TensorFlow" if event.run_steps else "writing the report"
            case ProgramEnd():
                self._finished += 1
            case ClusterState():
                self._machines = machines(event)
            case CompileStart():
                self._activity = f"compiling {event.program}"
            case RunStart():
                self._activity = f"running {event.program}"
            case FigureStart():
                self._activity = f"drawing {event.figure}"
            case ReportEnd():
                self._activity = "done"

    def tick(self) -> None:
        """Print a line if it is time."""
        with self._lock:
            now = self._clock()
            if now - self._latest >= SECONDS:
                self._latest = now
                self._write(self._line())

    def _line(self) -> str:
        what = format_pace(self._pace) or self._activity
        line = f"{self._finished}/{self._programs} programs, {what}" if self._programs else what
        line = self._machines + line if self._finished < self._programs else line
        return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


@contextmanager
def progress_lines() -> Iterator[ProgressLines]:
    """Print progress to stderr; a thread prints the lines between two events."""
    lines = ProgressLines(lambda line: click.echo(line, err=True))
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(min(1.0, SECONDS)):
            lines.tick()

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        ended.set()
        thread.join()
