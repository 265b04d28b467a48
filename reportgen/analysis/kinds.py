"""Which kinds of losses of the suite ``contest`` each optimizer is good at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.ranking import Leaderboard
from reportgen.catalogue.contest import KINDS, Kind

PASS = 0.75
"""The share of targets that an optimizer must hit to pass a kind; with the default targets three of four on average."""


@dataclass(frozen=True)
class KindScores:
    """The optimizers on the losses of one kind."""

    kind: Kind
    hit_rates: dict[str, float]
    """By optimizer: the cross-fitted hit rate, averaged over the losses of the kind."""

    def passes(self, optimizer: str) -> bool:
        """Whether an optimizer hits enough targets."""
        return self.hit_rates[optimizer] >= PASS - 1e-9


def kind_scores(board: Leaderboard | None, kinds: Sequence[Kind] = KINDS) -> list[KindScores]:
    """The kinds of which all losses can be compared; empty with fewer than two."""
    if board is None:
        return []
    by_loss = {fit.trials.loss: fit.hit_rates()[0] for fit in board.fits}
    found = [
        KindScores(
            kind, dict(zip(board.names, np.mean([by_loss[loss] for loss in kind.losses], axis=0).tolist(), strict=True))
        )
        for kind in kinds
        if by_loss.keys() >= set(kind.losses)
    ]
    return found if len(found) > 1 else []
