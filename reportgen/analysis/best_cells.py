"""The best configuration of each optimizer on each loss, which determines its best learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.rate_rule import RULE

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.manifest import Manifest


def best_cells(cells: pd.DataFrame, by: Sequence[str] = ("loss", "optimizer")) -> pd.DataFrame:
    """The best configuration of each (loss, optimizer), or of each ``by``, in the order of ``cells``.

    The rule is the one of ``rate_rule``; among equals, the smallest learning rate.

    Args:
        cells: a table made by ``cell_table``.
        by: the columns that define a group.
    """
    ascending = [False] * len(RULE) + [True]
    ordered = cells.sort_values([*RULE, "learning_rate"], ascending=ascending, kind="stable")
    return ordered.drop_duplicates(list(by)).sort_index()


def shown_cells(cells: pd.DataFrame, manifest: Manifest) -> pd.DataFrame:
    """The configurations that pictures and tables by learning rate show, rows of ``cells`` in the same order.

    All of them; under tuning, the best trial of each optimizer on each loss in each half decade of learning rates.
    """
    if not manifest.is_tuned:
        return cells
    column = cells["learning_rate"].map(manifest.rate_column)
    kept = best_cells(cells.assign(column=column), ("loss", "optimizer", "column"))
    return cells.loc[kept.index].reset_index(drop=True)


def comparable_cells(best: pd.DataFrame, unknown_minimum: Sequence[str]) -> pd.DataFrame:
    """The rows of ``best``, made by ``best_cells``, that can be compared.

    A loss without a known minimum has no targets. A loss on which every run failed was not run. An optimizer of which
    all runs on one of the other losses failed could not take part.

    Args:
        best: the best configuration of each optimizer on each loss.
        unknown_minimum: labels of the losses without a known minimum.
    """
    lost = best["failed"] == best["runs"]
    ran = ~lost.groupby(best["loss"]).transform("all") & ~best["loss"].isin(unknown_minimum)
    broken = best.loc[ran & lost, "optimizer"].unique()
    return best[ran & ~best["optimizer"].isin(broken)]
