"""What happens while a matrix is run, as small values that a progress display or a log can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Planned:
    """The matrix is known, and so is what of it has to be run."""

    programs: int
    reused: int
    """Programs whose results on disk are still right."""
    cells: int
    runs: int
    run_steps: int
    """Steps of all runs that have to be made."""


@dataclass(frozen=True)
class Compiling:
    """A worker has taken up a program and compiles it."""

    program: str
    """Its id: ``rosenbrock/adam``."""


@dataclass(frozen=True)
class Running:
    """A compiled program is running its batch."""

    program: str


@dataclass(frozen=True)
class Stepped:
    """Some runs of a program have come to their end."""

    program: str
    run_steps: int
    """The steps that were made for them."""


@dataclass(frozen=True)
class Finished:
    """A program is done and its results are on disk."""

    program: str
    reason: str | None
    """Why it failed; None when it did not."""
    run_steps: int
    """Steps of all its runs."""


@dataclass(frozen=True)
class Groundless:
    """The paths on a loss cannot be drawn, because it cannot be evaluated on their plane."""

    loss: str
    reason: str


@dataclass(frozen=True)
class Drawing:
    """A figure is being drawn."""

    figure: str


@dataclass(frozen=True)
class Written:
    """The report stands at ``path``."""

    path: Path


Event = Planned | Compiling | Running | Stepped | Finished | Groundless | Drawing | Written


class WorkerLost(RuntimeError):  # noqa: N818 - it says what happened
    """There is no worker, and there will be none."""
