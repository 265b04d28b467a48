"""What is known of each optimizer at its best rate on one loss, with how sure it is, as the loss's page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reportgen.analysis.budgets import fixed_target
from reportgen.analysis.loss_view import LossView, records
from reportgen.analysis.runtimes import select_cells
from reportgen.analysis.scores import LEAST_FREEDOM
from reportgen.analysis.sensitivity import Sensitivity


def best_rate_rows(view: LossView, found: Mapping[tuple[str, str], Sensitivity]) -> list[dict[str, Any]]:
    """One row an optimizer that has a best cell, in the order of the manifest.

    The cell of ``cells.cells``, with ``rates``, its Sensitivity; ``aim``, its row of ``budgets.fixed_target`` for the
    tightest target, in gradient evaluations; and ``sure``, whether enough was drawn at random for intervals.
    """
    if not view.best:
        return []
    results = select_cells(view.results, pd.DataFrame(list(view.best.values())))
    table = fixed_target(results, "gradient_evaluations")
    aims = {row["optimizer"]: row for row in records(table[table["target"] == min(view.results.manifest["targets"])])}
    return [
        view.best[name]
        | {"rates": found.get((view.label, name)), "aim": aims[name], "sure": aims[name]["draws"] > LEAST_FREEDOM}
        for name in view.optimizers
        if name in view.best
    ]
