"""Shows on stderr what is compiled, run and drawn, with the pace and the time left."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from reportgen.eta import Pace
from reportgen.execute.events import (
    BackgroundFailure,
    ClusterState,
    CompileStart,
    Event,
    FigureStart,
    FlagsIgnored,
    PlanReady,
    ProgramEnd,
    ReportEnd,
    RunStart,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar


WIDTH = 60
"""Columns of a line of progress."""


class Progress:
    """A progress bar of run-steps with the current activity; reasons of failed programs stay on the screen."""

    def __init__(self, console: Console | None) -> None:
        """Show nothing if there is no console."""
        self._pace = Pace()
        self._finished = 0
        self._programs = 0
        self._machines = ""
        """The state of the cluster, if there is one."""
        self._bar = _make_bar(console, self._pace) if console else None
        self._reasons: set[str] = set()
        """Reasons for failures that are on the screen."""
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
        """Update the display after an event."""
        if self._bar is None or self._task is None:
            return
        self._pace.update(event)
        match event:
            case PlanReady():
                self._finished, self._programs = event.reused, event.programs
                description = f"{event.cells:,} configurations, {event.runs:,} runs"
                self._bar.update(self._task, total=max(event.run_steps, 1), description=description)
            case ProgramEnd():
                self._finished += 1
                if event.reason and event.reason not in self._reasons:
                    self._reasons.add(event.reason)
                    # The text of a user's exception may have brackets, which are not markup.
                    self._bar.console.print(f"{event.program} failed: {event.reason}", markup=False)
            case BackgroundFailure():
                self._bar.console.print(f"{event.loss}: paths cannot be drawn: {event.reason}", markup=False)
            case FlagsIgnored():
                flags = ", ".join(event.flags)
                self._bar.console.print(
                    f"ignored because TensorFlow does not know these XLA flags: {flags}", markup=False
                )
            case ClusterState():
                self._machines = machines(event)
            case CompileStart() | RunStart() | FigureStart() | ReportEnd():
                where = self._machines if isinstance(event, CompileStart | RunStart) else ""
                self._bar.update(self._task, description=where + _activity(event))
        completed = self._pace.done if self._pace.total else 1
        self._bar.update(self._task, completed=completed, programs=f"{self._finished}/{self._programs}")


def machines(state: ClusterState) -> str:
    """The state of a cluster in front of an activity: ``4 workers, 3/12 tasks: ``."""
    workers = f"{state.workers} worker{'' if state.workers == 1 else 's'}"
    return f"{workers}, {state.ended}/{state.tasks} tasks: "


def _activity(event: CompileStart | RunStart | FigureStart | ReportEnd) -> str:
    match event:
        case CompileStart():
            return f"compiling {event.program}"
        case RunStart():
            return f"running {event.program}"
        case FigureStart():
            return f"drawing {event.figure}"
        case ReportEnd():
            return "done"


def format_pace(pace: Pace) -> str:
    """Pace and time left, as in ``3.1e+08 run-steps/s, 1:40 left``; empty while unknown, and at the end."""
    if pace.rate is None or pace.remaining is None or pace.done == pace.total:
        return ""
    minutes, seconds = divmod(round(pace.remaining), 60)
    return f"{pace.rate:.1e} run-steps/s, {minutes}:{seconds:02} left"


def _make_bar(console: Console, pace: Pace) -> Bar:
    from rich.console import RenderableType
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class PaceColumn(ProgressColumn):
        def render(self, _: Task) -> Text:
            return Text(format_pace(pace))

    class TwoLines(Progress):
        """The bar, and the current activity below it."""

        def get_renderables(self) -> Iterable[RenderableType]:
            yield self.make_tasks_table(self.tasks)
            for task in self.tasks:
                activity = Text(task.description, no_wrap=True)
                activity.truncate(WIDTH, overflow="ellipsis")
                yield activity

    columns = (
        BarColumn(bar_width=12),
        TextColumn("{task.fields[programs]}"),
        TimeElapsedColumn(),
        PaceColumn(),
    )
    return TwoLines(*columns, console=console, transient=True)
