"""Events of a build or run: small values for a progress display or a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PlanReady:
    """The matrix is planned, and it is known which programs have to run."""

    programs: int
    """Number of programs."""
    reused: int
    """Programs with valid results on disk."""
    cells: int
    """Number of configurations."""
    runs: int
    """Number of runs."""
    run_steps: int
    """Total number of steps of the runs that are missing."""


@dataclass(frozen=True)
class CompileStart:
    """A worker starts to compile a program."""

    program: str
    """The id of the program: ``rosenbrock/adam``."""


@dataclass(frozen=True)
class RunStart:
    """A program is compiled and starts to run."""

    program: str
    """The id of the program."""


@dataclass(frozen=True)
class StepProgress:
    """Some runs of a program have finished."""

    program: str
    """The id of the program."""
    run_steps: int
    """Number of steps of these runs."""


@dataclass(frozen=True)
class ProgramEnd:
    """A program has ended, and its results are on disk."""

    program: str
    """The id of the program."""
    reason: str | None
    """Why it failed; None if it succeeded."""
    run_steps: int
    """Total number of steps of its runs."""


@dataclass(frozen=True)
class BackgroundFailure:
    """The background of the paths on a loss is missing: the loss cannot be evaluated on their plane."""

    loss: str
    """The label of the loss."""
    reason: str


@dataclass(frozen=True)
class FigureStart:
    """A figure is being drawn."""

    figure: str
    """The name of its file, without extension."""


@dataclass(frozen=True)
class ReportEnd:
    """The report is complete."""

    path: Path
    """Its first page."""


@dataclass(frozen=True)
class FlagsIgnored:
    """TensorFlow does not know some XLA flags, and runs without them."""

    flags: tuple[str, ...]


@dataclass(frozen=True)
class ClusterState:
    """How many machines work, and how far they are."""

    workers: int
    """Workers that are connected."""
    tasks: int
    """Tasks of this round."""
    ended: int
    """Tasks that have ended."""


WorkerEvent = CompileStart | RunStart | StepProgress | FlagsIgnored | ClusterState
"""An event while workers run programs."""
Event = PlanReady | WorkerEvent | ProgramEnd | BackgroundFailure | FigureStart | ReportEnd


class DeviceMissingError(RuntimeError):
    """TensorFlow does not see the device that the config names."""


class WorkerLostError(RuntimeError):
    """No worker process could be started."""


class ClusterError(RuntimeError):
    """The cluster cannot run the programs."""
