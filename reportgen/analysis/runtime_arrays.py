"""Runtimes of runs as arrays, and the units that they are counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.engine.result import Array
from reportgen.results.schema import evaluations_column, hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Unit = Literal["steps", "gradient_evaluations"]
"""The unit of runtimes. An optimizer with two evaluations per step costs twice as much in the second."""


def runtime_arrays(runs: pd.DataFrame, targets: Sequence[float], steps_given: int, unit: Unit) -> tuple[Array, Array]:
    """Runtimes, float [runs, targets], infinite without a hit, and the budget that each run spent, float [runs].

    With ``judged_by = "best"``, a target that was hit before a run diverged stays hit. The budget of a diverged run
    ends where it diverged. A failed run counts as having spent all ``steps_given``, at one gradient evaluation per
    step.

    Args:
        runs: one row per run, see ``reportgen.results.schema``.
        targets: shares of a gap.
        steps_given: steps that each run was given.
        unit: the unit of runtimes and budgets.
    """
    steps, evaluations = (_floats(runs[column]) for column in ("steps", "gradient_evaluations"))
    spent = evaluations if unit == "gradient_evaluations" else steps
    budget = np.where(np.isnan(spent), float(steps_given), spent)
    of_target = evaluations_to if unit == "gradient_evaluations" else _steps_to
    t = np.stack([of_target(runs, target) for target in targets], axis=1)
    return np.where(np.isnan(t), np.inf, t), budget


def _steps_to(runs: pd.DataFrame, target: float) -> Array:
    return _floats(runs[hit_column(target)])


def evaluations_to(runs: pd.DataFrame, target: float) -> Array:
    """Gradient evaluations of each run until it hit a target, float [runs]; NaN without a hit.

    If the number of evaluations differs between steps, they are stored; older results do not have the column.
    """
    found: Array = _steps_to(runs, target) * gradients_per_step(runs)
    name = evaluations_column(target)
    if name in runs:
        counted = _floats(runs[name])
        found = np.where(np.isnan(counted), found, counted)
    return found


def gradients_per_step(runs: pd.DataFrame) -> Array:
    """Mean gradient evaluations per step of each run, float [runs]; 1 for a run without a step or a gradient."""
    steps, evaluations = (_floats(runs[column]) for column in ("steps", "gradient_evaluations"))
    ratio: Array = np.divide(evaluations, steps, out=np.ones(len(runs)), where=(steps > 0) & (evaluations > 0))
    return ratio


def _floats(column: pd.Series) -> Array:
    return column.to_numpy(dtype=float, na_value=np.nan)
