"""The runtimes that a profile compares: of the optimizers that took part, at their best rates, every loss alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.runtimes import best_cell_runtimes, runtime_arrays, runtime_distribution, select_cells
from reportgen.analysis.scores import loss_weights

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.loss_view import LossView
    from reportgen.results.result_tables import Results


@dataclass(frozen=True)
class RuntimeProfile:
    """Runtimes in gradient evaluations, and what each counts."""

    names: tuple[str, ...]
    t: Array
    """Infinite where a target was not reached, [problems, optimizers]."""
    weights: Array
    """[problems]; their sum is 1."""
    budget: float
    """The most that a run spent."""

    def half(self) -> dict[str, float]:
        """By name, when half of all problems were solved; infinite where that never was."""
        at, shares = runtime_distribution(self.t, self.weights)
        return {
            name: float(at[column >= 0.5][0]) if (column >= 0.5).any() else np.inf
            for name, column in zip(self.names, shares.T, strict=True)
        }


def runtime_profile(results: Results, top: pd.DataFrame, names: Sequence[str]) -> RuntimeProfile | None:
    """The profile of ``names`` at the cells that ``ranking.best`` chose for them; None without any of them."""
    wide = best_cell_runtimes(results, top, names)
    if not len(wide.columns):
        return None
    weights = loss_weights(wide.index.get_level_values("loss").to_numpy(str))
    spent = runtime_arrays(select_cells(results, top[top["optimizer"].isin(wide.columns)]), "gradient_evaluations")[1]
    return RuntimeProfile(tuple(wide.columns), wide.to_numpy(float), weights, float(spent.max(initial=1.0)))


def loss_runtime_profile(view: LossView) -> RuntimeProfile:
    """The profile of one loss: of all that have a best cell on it, of which there must be one."""
    import pandas as pd

    found = runtime_profile(view.results, pd.DataFrame(list(view.best.values())), view.optimizers)
    if found is None:
        raise ValueError(f"{view.label} has no cells")
    return found
