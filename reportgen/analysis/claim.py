"""A sentence with what it rests on: where to look, which rows, and how strongly the results support it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Strength = Literal["strong", "moderate", "none"]
LARGE, NEGLIGIBLE = 0.5, 0.1
"""Effects from which on one is large, and below which it is next to nothing (Cohen 1988, for correlations)."""


@dataclass(frozen=True)
class Claim:
    """A sentence in pieces, every second of them emphasised, with its evidence."""

    pieces: tuple[str, ...]
    evidence: str
    """``#anchor`` on the front page, or ``loss:<label>``."""
    strength: Strength | None = None
    """How strongly the results say that it holds beyond these very runs, see ``strength_of``; None for a sentence about
    these runs alone."""
    importance: float = 0.0
    """Claims are told in falling order of it."""
    keys: Mapping[str, str | float] = field(default_factory=dict, hash=False)
    """The table or figure and its row: ``table``, ``loss``, ``optimizer``, ``learning_rate``, those that apply."""

    @property
    def text(self) -> str:
        """The sentence without emphasis."""
        return "".join(self.pieces)


def interval_excludes(interval: Sequence[float] | None, tie: float = 0.0) -> bool:
    """Whether ``interval`` (low, high) lies wholly on one side of ``tie``; where there is none, it does not."""
    return interval is not None and (interval[0] > tie or interval[1] < tie)


def evidence_strength(interval_excludes_tie: bool, effect: float) -> Strength:
    """How strong the evidence for a difference is, from its interval and from its size.

    ``effect`` is from -1 to 1 and positive in the direction that is claimed, such as the rank-biserial correlation, or
    the share of starts or losses on which the one is better minus that on which it is worse. "none" where the interval
    holds the tie, where there is no interval since nothing random varies, and where the effect is below 0.1: real or
    not, it does not matter, or most starts say the opposite. Else "strong" from an effect of 0.5 on, which is better
    three times as often as worse, and "moderate" below.
    """
    if not interval_excludes_tie or not effect >= NEGLIGIBLE:
        return "none"
    return "strong" if effect >= LARGE else "moderate"


@dataclass(frozen=True)
class Discrimination:
    """The losses that tell no optimizer from another by success."""

    everyone: tuple[str, ...]
    """All runs of every optimizer were solved at its best rate."""
    no_one: tuple[str, ...]
    """No run of any optimizer was."""
    losses: int
    """Of how many."""


def discrimination(top: pd.DataFrame) -> Discrimination:
    """Which losses do not discriminate between the optimizers in ``top``, a table made by ``ranking.best``.

    Success is the outcome ``solved``: the tightest target was reached and the run did not diverge. Runtimes, and looser
    targets, may still tell optimizers apart there. With fewer than two optimizers there is nothing to tell apart.
    """
    labels = list(dict.fromkeys(top["loss"].astype(str)))
    if top["optimizer"].nunique() < 2:
        return Discrimination((), (), len(labels))
    loss = top["loss"].astype(str)
    every = (top["solved"] == top["runs"]).groupby(loss).all()
    none = (top["solved"] == 0).groupby(loss).all()
    return Discrimination(
        everyone=tuple(label for label in labels if every[label]),
        no_one=tuple(label for label in labels if none[label]),
        losses=len(labels),
    )
