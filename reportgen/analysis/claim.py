"""Claim: a sentence with its evidence: where to look, which rows, and how strongly the results support it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Strength = Literal["strong", "moderate", "none"]
LARGE, NEGLIGIBLE = 0.5, 0.1
"""From the first an effect is large, below the second it is negligible (Cohen 1988, for correlations)."""


@dataclass(frozen=True)
class Claim:
    """A sentence in pieces, every second one emphasised, with its evidence."""

    pieces: tuple[str, ...]
    evidence: str
    """``#anchor`` on the front page, or ``loss:<label>``."""
    strength: Strength | None = None
    """How strongly the results support it beyond these runs, see ``evidence_strength``; None for a statement about
    these runs alone."""
    importance: float = 0.0
    """Claims are shown in falling order of importance."""
    keys: Mapping[str, str | float] = field(default_factory=dict, hash=False)
    """The table or figure and its row: ``table``, ``loss``, ``optimizer``, ``learning_rate``, as far as they apply."""

    @property
    def text(self) -> str:
        """The sentence without emphasis."""
        return "".join(self.pieces)


def interval_excludes(interval: Sequence[float] | None, tie: float = 0.0) -> bool:
    """Whether ``interval`` (low, high) lies entirely on one side of ``tie``. False without an interval."""
    return interval is not None and (interval[0] > tie or interval[1] < tie)


def evidence_strength(interval_excludes_tie: bool, effect: float) -> Strength:
    """The strength of the evidence for a difference, from its interval and its size.

    "none" if the interval contains the tie, if there is no interval because nothing random varies, or if the effect is
    below 0.1: too small to matter, or most starts say the opposite. Otherwise "strong" for an effect of 0.5 or more,
    which means better three times as often as worse, else "moderate".

    Args:
        interval_excludes_tie: see ``interval_excludes``.
        effect: from -1 to 1, positive in the claimed direction, such as the rank-biserial correlation, or the share of
            starts or losses with a better result minus the share with a worse one.
    """
    if not interval_excludes_tie or not effect >= NEGLIGIBLE:
        return "none"
    return "strong" if effect >= LARGE else "moderate"


@dataclass(frozen=True)
class UninformativeLosses:
    """The losses that do not separate the optimizers by success."""

    all_solved: tuple[str, ...]
    """Every run of every optimizer was solved at its best learning rate."""
    none_solved: tuple[str, ...]
    """No run of any optimizer was solved."""
    losses: int
    """Number of all losses."""


def uninformative(best: pd.DataFrame) -> UninformativeLosses:
    """The losses that do not separate the optimizers in ``best``, a table made by ``best_cells.best_cells``.

    Success is the outcome ``solved``. Runtimes and looser targets may still separate optimizers there. With fewer than
    two optimizers there is nothing to separate.
    """
    labels = list(dict.fromkeys(best["loss"].astype(str)))
    if best["optimizer"].nunique() < 2:
        return UninformativeLosses((), (), len(labels))
    loss = best["loss"].astype(str)
    every = (best["solved"] == best["runs"]).groupby(loss).all()
    none = (best["solved"] == 0).groupby(loss).all()
    return UninformativeLosses(
        all_solved=tuple(label for label in labels if every[label]),
        none_solved=tuple(label for label in labels if none[label]),
        losses=len(labels),
    )
