"""The runtimes that a profile compares, every loss counting the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.runtimes import best_cell_runtimes, runtime_distribution
from reportgen.analysis.scores import loss_weights

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.ranking import Leaderboard
    from reportgen.analysis.run_table import RunTable


@dataclass(frozen=True)
class RuntimeProfile:
    """Runtimes and the weights of their problems."""

    names: tuple[str, ...]
    t: Array
    """Gradient evaluations, infinite if a target was not hit, float [problems, optimizers]."""
    weights: Array
    """float [problems]; their sum is 1."""
    budget: float
    """The most gradient evaluations that a run spent."""

    def half(self) -> dict[str, float]:
        """By name, the gradient evaluations after which half of all problems were solved; infinite if never."""
        at, shares = runtime_distribution(self.t, self.weights)
        return {
            name: float(at[column >= 0.5][0]) if (column >= 0.5).any() else np.inf
            for name, column in zip(self.names, shares.T, strict=True)
        }


def runtime_profile(table: RunTable, best: pd.DataFrame, names: Sequence[str]) -> RuntimeProfile | None:
    """The profile of ``names`` at their ``best`` configurations; None if none of them has one."""
    wide = best_cell_runtimes(table, best, names)
    if not len(wide.columns):
        return None
    weights = loss_weights(wide.index.get_level_values("loss").to_numpy(str))
    spent = table.select(best[best["optimizer"].isin(wide.columns)]).runtimes("gradient_evaluations")[1]
    return RuntimeProfile(tuple(wide.columns), wide.to_numpy(float), weights, float(spent.max(initial=1.0)))


def cross_fitted_profile(table: RunTable, board: Leaderboard) -> RuntimeProfile:
    """The profile of the optimizers of ``board``, each start at the learning rate that the other starts choose."""
    runs = table.on(np.unique(board.loss).tolist(), board.names)
    spent = runs.runtimes("gradient_evaluations")[1]
    return RuntimeProfile(board.names, board.runtimes, loss_weights(board.loss), float(spent.max(initial=1.0)))
