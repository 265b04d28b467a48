"""The table of all configurations, and the reasons why runs failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from reportgen.analysis.cells import CellRow
from reportgen.analysis.number_format import names
from reportgen.report.heatmap import cell_anchor
from reportgen.results.manifest import Manifest

MOST_ROWS = 1000
"""Longer tables would slow down a browser: the rest is in the data files."""


@dataclass(frozen=True)
class CellTableRow:
    """A row of the table."""

    cell: CellRow
    has_gap: bool
    """Whether the loss has a known minimum."""
    anchor: str
    """The row's id on the page of its loss."""


@dataclass(frozen=True)
class FailureReason:
    """Why runs failed."""

    reason: str
    where: str
    """Optimizers and losses, in words."""


def cell_table_rows(cells: Iterable[CellRow], manifest: Manifest) -> list[CellTableRow]:
    """The rows of some configurations."""
    known = {loss.label: loss.minimum is not None for loss in manifest.losses}
    return [CellTableRow(cell, known[cell.loss], cell_anchor(cell.optimizer, cell.learning_rate)) for cell in cells]


def failure_reasons(runs: pd.DataFrame) -> list[FailureReason]:
    """Each reason for failed runs once, with the optimizers and losses that it concerns."""
    failed = runs[runs["outcome"].astype(str) == "failed"]
    where = failed["optimizer"].astype(str) + " on " + failed["loss"].astype(str)
    grouped = where.groupby(failed["reason"].astype(str))
    return [FailureReason(str(reason), names(list(dict.fromkeys(places)))) for reason, places in grouped]
