"""What happens while a matrix is run, as small values that a progress display or a log can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlanReady:
    """The matrix is known, and so is what of it has to be run."""

    programs: int
    reused: int
    """Programs whose results on disk are still right."""
    cells: int
    runs: int
    run_steps: int
    """Steps of all runs that have to be made."""


@dataclass(frozen=True)
class CompileStart:
    """A worker has taken up a program and compiles it."""

    program: str
    """Its id: ``rosenbrock/adam``."""


@dataclass(frozen=True)
class RunStart:
    """A compiled program is running its batch."""

    program: str


@dataclass(frozen=True)
class StepProgress:
    """Some runs of a program have come to their end."""

    program: str
    run_steps: int
    """The steps that were made for them."""


@dataclass(frozen=True)
class ProgramEnd:
    """A program is done and its results are on disk."""

    program: str
    reason: str | None
    """Why it failed; None when it did not."""
    run_steps: int
    """Steps of all its runs."""


@dataclass(frozen=True)
class BackgroundFailure:
    """The paths on a loss cannot be drawn, because it cannot be evaluated on their plane."""

    loss: str
    reason: str


@dataclass(frozen=True)
class FigureStart:
    """A figure is being drawn."""

    figure: str


@dataclass(frozen=True)
class ReportEnd:
    """The report stands at ``path``."""

    path: Path


Event = PlanReady | CompileStart | RunStart | StepProgress | ProgramEnd | BackgroundFailure | FigureStart | ReportEnd


class WorkerLostError(RuntimeError):
    """There is no worker, and there will be none."""
