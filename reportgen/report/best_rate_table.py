"""The table of each optimizer at its best learning rate on one loss, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reportgen.analysis.budgets import fixed_target
from reportgen.analysis.cells import CellRow
from reportgen.analysis.cross_fitting import LEAST_FREEDOM
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.sensitivity import Sensitivity


@dataclass(frozen=True)
class TargetResult:
    """How a configuration did at the tightest target, in gradient evaluations; see ``budgets.fixed_target``."""

    successes: int
    success_low: float
    success_high: float
    varies: bool
    """Whether there are intervals."""
    draws: int
    """Independent random draws."""
    ert: float
    """Expected running time; infinite without a success."""
    ert_low: float
    ert_high: float
    ert_known: bool
    """Whether the expected running time has an interval."""


@dataclass(frozen=True)
class BestRateRow:
    """A row of the table."""

    cell: CellRow
    """The best configuration of the optimizer."""
    sensitivity: Sensitivity | None
    target: TargetResult
    has_intervals: bool
    """Whether there are enough random draws for intervals."""


def best_rate_rows(view: LossView, sensitivities: Mapping[tuple[str, str], Sensitivity]) -> list[BestRateRow]:
    """One row per optimizer with a best configuration, in the order of the manifest.

    Args:
        view: the loss.
        sensitivities: the sensitivity by (loss, optimizer).
    """
    if not view.best:
        return []
    runs = replace(view.best_run_table, targets=(min(view.manifest.targets),))
    tightest = fixed_target(runs, "gradient_evaluations")
    columns = [tightest[name].tolist() for name in TargetResult.__dataclass_fields__]
    results = dict(zip(tightest["optimizer"], map(TargetResult, *columns), strict=True))
    return [
        BestRateRow(view.best[name], sensitivities.get((view.label, name)), result, result.draws > LEAST_FREEDOM)
        for name in view.optimizers
        if name in view.best
        for result in [results[name]]
    ]
