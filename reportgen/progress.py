"""Shows on stderr what is being compiled, run and drawn; silent where nobody looks."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from reportgen.execute.events import Compiling, Drawing, Event, Finished, Groundless, Planned, Running, Written

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar


class Progress:
    """A bar of programs and what is being done; the reasons of failed programs stay on the screen."""

    def __init__(self, console: Console | None) -> None:
        """Without a console nothing is shown."""
        self._bar = _bar(console) if console else None
        self._task = self._bar.add_task("reading", total=None) if self._bar else None

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
        match event:
            case Planned():
                said = f"{event.cells:,} cells, {event.runs:,} runs"
                self._bar.update(self._task, total=event.programs, completed=event.reused, description=said)
            case Finished():
                self._bar.advance(self._task)
                if event.reason:
                    # Text of a user's own exception: brackets in it are no markup.
                    self._bar.console.print(f"{event.program} failed: {event.reason}", markup=False)
            case Groundless():
                self._bar.console.print(f"{event.loss}: no paths are drawn: {event.reason}", markup=False)
            case _:
                self._bar.update(self._task, description=_doing(event))


def _doing(event: Compiling | Running | Drawing | Written) -> str:
    from rich.markup import escape

    match event:
        case Compiling():
            return escape(f"compiling {event.program}")
        case Running():
            return escape(f"running {event.program}")
        case Drawing():
            return escape(f"drawing {event.figure}")
        case Written():
            return "done"


def _bar(console: Console) -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    return Progress(*columns, console=console, transient=True)
