"""The table of budgets: what each optimizer was given, and what tuning its learning rate was worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.runtime_arrays import gradients_per_step
from reportgen.analysis.trials import Trials
from reportgen.analysis.tuning_curve import SharedRate, shared_rates
from reportgen.results.result_tables import Results


@dataclass(frozen=True)
class BudgetRow:
    """One optimizer."""

    optimizer: str
    rates: int
    """Number of learning rates tried."""
    span: tuple[float, float]
    """The smallest and the largest of them."""
    runs: int
    spent: float
    """Gradient evaluations of all its runs."""
    per_step: tuple[float, float] | None
    """Gradient evaluations per step, smallest and largest; None if every run failed."""
    shared: SharedRate | None
    """Hit rate with one learning rate for all losses and with tuning; None if it cannot be compared."""


def budget_rows(results: Results, losses: Sequence[Trials]) -> list[BudgetRow]:
    """One row per optimizer, in the order of the manifest.

    Args:
        results: all runs.
        losses: the trials on the losses that can be compared.
    """
    runs = results.runs
    shared = {each.optimizer: each for each in shared_rates(losses, results.manifest.optimizer_labels)}
    evaluations = runs["gradient_evaluations"].to_numpy(float, na_value=np.nan)
    per_step, ran = gradients_per_step(runs), runs["outcome"].astype(str).ne("failed").to_numpy(bool)
    rows = []
    for label in results.manifest.optimizer_labels:
        mine = (runs["optimizer"] == label).to_numpy(bool)
        each = per_step[mine & ran]
        rates = runs.loc[mine, "learning_rate"].unique()
        rows.append(
            BudgetRow(
                optimizer=label,
                rates=len(rates),
                span=(float(rates.min()), float(rates.max())),
                runs=int(mine.sum()),
                spent=float(np.nansum(evaluations[mine])),
                per_step=(float(each.min()), float(each.max())) if len(each) else None,
                shared=shared.get(label),
            )
        )
    return rows
