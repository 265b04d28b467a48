"""The table of the gaps after fixed budgets, each optimizer at its best learning rate on one loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.budgets import fixed_budget
from reportgen.analysis.cross_fitting import LEAST_FREEDOM

if TYPE_CHECKING:
    from reportgen.analysis.loss_view import LossView


@dataclass(frozen=True)
class BudgetGap:
    """The median gap of a configuration after a budget."""

    median: float
    interval: tuple[float, float] | None
    """95 % interval; None with too few random draws."""


@dataclass(frozen=True)
class FixedBudgetTable:
    """The median gaps after some budgets."""

    budgets: tuple[int, ...]
    """Gradient evaluations, ascending."""
    rows: tuple[tuple[str, tuple[BudgetGap, ...]], ...]
    """Optimizer, and its gap after each budget."""


def fixed_budget_table(view: LossView) -> FixedBudgetTable | None:
    """The table of one loss; None without a minimum, or if not all trajectories of the best configurations are stored.

    The budgets are a hundredth, a tenth and all of the steps, as gradient evaluations.
    """
    if view.info.minimum is None or not view.best or not _is_complete(view):
        return None
    steps = view.manifest.steps
    budgets = tuple(sorted({max(1, steps // part) for part in (100, 10, 1)}))
    traces, _ = view.results.trajectories(view.label)
    table = fixed_budget(view.best_run_table, traces, budgets, "gradient_evaluations")
    has_interval = any(design.draws > LEAST_FREEDOM for design in view.best_run_table.designs)
    found: dict[str, list[BudgetGap]] = {}
    columns = ("optimizer", "gap_median", "median_low", "median_high", "varies")
    for name, median, low, high, varies in zip(*(table[column].tolist() for column in columns), strict=True):
        interval = (low, high) if varies and has_interval else None
        found.setdefault(name, []).append(BudgetGap(median, interval))
    return FixedBudgetTable(budgets, tuple((name, tuple(found[name])) for name in view.optimizers if name in found))


def _is_complete(view: LossView) -> bool:
    """Whether each run of the best configurations that did not fail has its trajectory."""
    return all(len(view.best_runs(name)) == cell.runs - cell.failed for name, cell in view.best.items())
