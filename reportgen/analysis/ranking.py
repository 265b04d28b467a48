"""Which cell is the best of its optimizer, and which optimizer leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def best_cells(table: pd.DataFrame, of: Sequence[str] = ("loss", "optimizer")) -> pd.DataFrame:
    """The best cell of each (loss, optimizer), or of each ``of``, in a table made by ``cells``, in its order.

    Best is the largest share of (start, target) pairs reached; among equals, where the median run did not reach the
    tightest target, the smallest median gap; then the fewest steps to that target, then the smallest learning rate.
    """
    # Beyond the tightest target a smaller gap is no merit: there the digits of the last steps decide it.
    left = table["gap_median"].where(np.isinf(table["steps_to_target"]), 0.0)
    worst_first = ["reached", "left", "steps_to_target", "learning_rate"]
    ordered = table.assign(left=left).sort_values(worst_first, ascending=[False, True, True, True], kind="stable")
    return ordered.drop(columns="left").drop_duplicates(list(of)).sort_index()


def best_cell_per_loss(table: pd.DataFrame) -> pd.DataFrame:
    """The best cell of each loss, as a terminal shows them, in a table made by ``cells``.

    Columns: loss, optimizer, learning_rate, solved (share of runs), gap (median), steps (median, to the tightest
    target; infinite unless most runs reached it).
    """
    import pandas as pd

    top = best_cells(table, of=["loss"])
    return pd.DataFrame(
        {
            "loss": top["loss"],
            "optimizer": top["optimizer"],
            "learning_rate": top["learning_rate"],
            "solved": top["solved"] / top["runs"],
            "gap": top["gap_median"],
            "steps": top["steps_to_target"],
        }
    ).reset_index(drop=True)


@dataclass(frozen=True)
class Rank:
    """An optimizer's place among the others."""

    place: int
    optimizer: str
    tied: bool
    """Whether another optimizer has exactly the same score."""
    score: float
    """Mean over the losses of the share of (start, target) pairs reached at its best rate on each."""
    leads: tuple[str, ...]
    """The losses on which no other optimizer reached more."""


def ranking(top: pd.DataFrame) -> list[Rank]:
    """All optimizers, best score first, from a table made by ``best``; equal scores share a place."""
    most = top.groupby("loss")["reached"].transform("max")
    leads = top[(top["reached"] == most) & (most > 0)].groupby("optimizer")["loss"].agg(tuple)
    scored = {str(name): group for name, group in top.groupby("optimizer", sort=False)}
    scores = {name: round(float(group["reached"].mean()), 12) for name, group in scored.items()}
    ranks = [
        Rank(
            place=1 + sum(other > score for other in scores.values()),
            optimizer=name,
            tied=list(scores.values()).count(score) > 1,
            score=score,
            leads=tuple(leads.get(name, ())),
        )
        for name, score in scores.items()
    ]
    return sorted(ranks, key=lambda rank: -rank.score)
