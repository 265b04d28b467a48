"""The table of cells: one row a cell, with everything that is counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reportgen.analysis.loss_view import records
from reportgen.analysis.number_format import and_list
from reportgen.report.heatmap import cell_anchor
from reportgen.results.schema import hit_column

MOST_ROWS = 1000
"""More cells than this are left to the data: a browser would not enjoy them."""


def cell_rows(cells: pd.DataFrame, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cells as the template shows them; ``measured`` is whether the loss has a known minimum, and thus gaps."""
    rows, targets = records(cells), manifest["targets"]
    known = {fact["label"]: fact["minimum"] is not None for fact in manifest["losses"]}
    for row in rows:
        row["measured"] = known[row["loss"]]
        row["anchor"] = cell_anchor(row["optimizer"], row["learning_rate"])
        row["hits"] = [row[hit_column(target)] for target in targets]
    return rows


def failure_reasons(runs: pd.DataFrame) -> list[dict[str, str]]:
    """The reasons why runs failed, each once, with the optimizers and losses it befell."""
    failed = runs[runs["outcome"].astype(str) == "failed"]
    who = failed["optimizer"].astype(str) + " on " + failed["loss"].astype(str)
    grouped = who.groupby(failed["reason"].astype(str))
    return [{"reason": str(reason), "who": and_list(list(dict.fromkeys(names)))} for reason, names in grouped]
