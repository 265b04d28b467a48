"""The learning rates in the ranking: the best one of each optimizer, and its usable range over the losses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, rate

if TYPE_CHECKING:
    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.analysis.tuning_curve import SharedRate


@dataclass(frozen=True)
class RankedRates:
    """The learning rates of one optimizer over the losses that the ranking compares."""

    shared: float | None
    """The single one that hits the most targets over all losses; None if it was not tried on all of them."""
    best: tuple[float, float]
    """The smallest and the largest best one of a loss."""
    usable: tuple[float, float] | None
    """The range that is usable on each solved loss; None if there is no such range."""
    solved: int
    """Number of losses on which the median run at the best learning rate hits the tightest target."""
    losses: int
    """Number of losses."""

    @property
    def main(self) -> str:
        """The learning rate to begin with; a range if no single one was tried on all losses."""
        return rate(self.shared) if self.shared is not None else _words(self.best)

    @property
    def range(self) -> str:
        """The usable range in words; ``none`` if the solved losses have none in common, ``–`` without a solved loss."""
        return _words(self.usable) if self.usable else "none" if self.solved else "–"

    @property
    def where(self) -> str:
        """On how many losses the range is usable, if not on all: ``on 2 of 3 losses``."""
        return f"on {self.solved} of {count(self.losses, 'loss')}" if 0 < self.solved < self.losses else ""


def ranked_rates(
    sensitivities: Sequence[Sensitivity], shared: Sequence[SharedRate], losses: Collection[str]
) -> Mapping[str, RankedRates]:
    """The learning rates by optimizer.

    Args:
        sensitivities: of all (loss, optimizer).
        shared: the shared learning rates.
        losses: labels of the losses that the ranking compares.
    """
    single = {each.optimizer: each.learning_rate for each in shared}
    found: dict[str, list[Sensitivity]] = {}
    for each in sensitivities:
        if each.loss in losses:
            found.setdefault(each.optimizer, []).append(each)
    return {name: _over_losses(some, single.get(name)) for name, some in found.items()}


def _over_losses(some: Sequence[Sensitivity], shared: float | None) -> RankedRates:
    best = [each.best_rate for each in some]
    ranges = [each.usable for each in some if each.solves and each.usable]
    low, high = max((low for low, _ in ranges), default=1.0), min((high for _, high in ranges), default=0.0)
    usable = (low, high) if low <= high else None
    if len(some) == 1:
        shared = best[0]
    return RankedRates(shared, (min(best), max(best)), usable, len(ranges), len(some))


def _words(ends: tuple[float, float]) -> str:
    return " to ".join(dict.fromkeys(map(rate, ends)))
