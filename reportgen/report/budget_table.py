"""What each optimizer was given, and what tuning its learning rate was worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from reportgen.analysis.loss_view import records
from reportgen.analysis.runtimes import gradients_per_step
from reportgen.analysis.tuning_curve import shared_rate_table
from reportgen.results.result_tables import Results


def budget_rows(results: Results, cells: pd.DataFrame) -> list[dict[str, Any]]:
    """One row an optimizer, in the manifest's order.

    ``rates`` and ``runs`` that it had, ``spent``, the gradient evaluations of all of them, and ``per_step``, those of a
    step (low, high); and of ``tuning.one_rate`` what one rate for all losses reaches against the best one on each, in
    ``cells``, those of the losses that can be compared; None without any.
    """
    runs = results.runs
    told = {row["optimizer"]: row for row in records(shared_rate_table(cells))}
    evaluations = runs["gradient_evaluations"].to_numpy(float, na_value=np.nan)
    table = runs[["optimizer", "learning_rate"]].assign(spent=evaluations, per_step=gradients_per_step(runs))
    ran = runs["outcome"].astype(str).ne("failed").to_numpy(bool)
    rows = []
    for fact in results.manifest["optimizers"]:
        label = fact["label"]
        mine = (table["optimizer"] == label).to_numpy(bool)
        each = table.loc[mine & ran, "per_step"]
        rows.append(
            told.get(label, {"optimizer": label, "tuned": None, "share": None, "learning_rate": None})
            | {
                "rates": table.loc[mine, "learning_rate"].nunique(),
                "runs": int(mine.sum()),
                "spent": float(np.nansum(evaluations[mine])),
                "per_step": (each.min(), each.max()) if len(each) else None,
            }
        )
    return rows
