"""What a comparison needs to know of results, with or without a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from reportgen.results.manifest import DeviceInfo, LossInfo, OptimizerInfo, ProgramEntry


class ResultsInfo(Protocol):
    """What a comparison needs to know of results: a manifest, or a table of runs without one. None: unknown."""

    @property
    def title(self) -> str:
        """Heading of the report."""

    @property
    def reportgen(self) -> str | None:
        """Version of reportgen that made the results."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the packages that determine the results."""

    @property
    def git_commit(self) -> str | None:
        """Commit of the repository that contains the config."""

    @property
    def dtype(self) -> str | None:
        """``float32`` or ``float64``."""

    @property
    def steps(self) -> int:
        """Steps of each run."""

    @property
    def targets(self) -> Sequence[float]:
        """Shares of a gap."""

    @property
    def target_scale(self) -> str | None:
        """Which gap: ``loss`` or ``run``, see the config."""

    @property
    def judged_by(self) -> str | None:
        """When a target counts as hit: ``last`` or ``best``, see the config."""

    @property
    def gradient_tolerance(self) -> float | None:
        """Relative norm below which a gradient counts as zero."""

    @property
    def random_starts(self) -> int | None:
        """Starts 1 to this number are drawn at random."""

    @property
    def device(self) -> DeviceInfo | None:
        """Device that the programs ran on."""

    @property
    def losses(self) -> Sequence[LossInfo]:
        """All losses, in order."""

    @property
    def optimizers(self) -> Sequence[OptimizerInfo]:
        """All optimizers, in order."""

    @property
    def programs(self) -> Sequence[ProgramEntry]:
        """All programs, in order; empty without a manifest."""

    @property
    def noisy_losses(self) -> frozenset[str]:
        """Labels of the losses with random gradients."""
