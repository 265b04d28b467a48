"""Shows on stderr what is being compiled, run and drawn, how fast and how long still; silent where nobody looks."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from reportgen.eta import Pace
from reportgen.execute.events import (
    BackgroundFailure,
    CompileStart,
    Event,
    FigureStart,
    PlanReady,
    ProgramEnd,
    ReportEnd,
    RunStart,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar


class Progress:
    """A bar of run-steps and what is being done; the reasons of failed programs stay on the screen."""

    def __init__(self, console: Console | None) -> None:
        """Without a console nothing is shown."""
        self._pace = Pace()
        self._programs = [0, 0]
        """Finished, and all."""
        self._bar = _bar(console, self._pace) if console else None
        self._task = self._bar.add_task("reading", total=None, programs="") if self._bar else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, event: Event) -> None:
        """Take note of what has happened."""
        if self._bar is None or self._task is None:
            return
        self._pace.note(event)
        match event:
            case PlanReady():
                self._programs = [event.reused, event.programs]
                said = f"{event.cells:,} cells, {event.runs:,} runs"
                self._bar.update(self._task, total=max(event.run_steps, 1), description=said)
            case ProgramEnd():
                self._programs[0] += 1
                if event.reason:
                    # Text of a user's own exception: brackets in it are no markup.
                    self._bar.console.print(f"{event.program} failed: {event.reason}", markup=False)
            case BackgroundFailure():
                self._bar.console.print(f"{event.loss}: no paths are drawn: {event.reason}", markup=False)
            case CompileStart() | RunStart() | FigureStart() | ReportEnd():
                self._bar.update(self._task, description=_doing(event))
        counted = "/".join(map(str, self._programs))
        self._bar.update(self._task, completed=self._pace.done if self._pace.total else 1, programs=counted)


def _doing(event: CompileStart | RunStart | FigureStart | ReportEnd) -> str:
    from rich.markup import escape

    match event:
        case CompileStart():
            return escape(f"compiling {event.program}")
        case RunStart():
            return escape(f"running {event.program}")
        case FigureStart():
            return escape(f"drawing {event.figure}")
        case ReportEnd():
            return "done"


def told(pace: Pace) -> str:
    """``3.1e+08 run-steps/s, 1:40 left``; nothing as long as nothing is known, or once all are made."""
    if pace.rate is None or pace.remaining is None or pace.done == pace.total:
        return ""
    minutes, seconds = divmod(round(pace.remaining), 60)
    return f"{pace.rate:.1e} run-steps/s, {minutes}:{seconds:02} left"


def _bar(console: Console, pace: Pace) -> Bar:
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class PaceColumn(ProgressColumn):
        def render(self, _: Task) -> Text:
            return Text(told(pace))

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.fields[programs]}"),
        TimeElapsedColumn(),
        PaceColumn(),
        TextColumn("{task.description}"),
    )
    return Progress(*columns, console=console, transient=True)
