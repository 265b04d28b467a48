"""Which cell is the best of its optimizer, and which optimizer leads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.cells import cells

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.read import Results


def best(table: pd.DataFrame, of: Sequence[str] = ("loss", "optimizer")) -> pd.DataFrame:
    """The best cell of each (loss, optimizer), or of each ``of``, in a table made by ``cells``, in its order.

    Best is the largest share of (start, target) pairs reached; among equals the smallest median gap, then the fewest
    steps to the tightest target, then the smallest learning rate.
    """
    worst_first = ["reached", "gap_median", "steps_to_target", "learning_rate"]
    ordered = table.sort_values(worst_first, ascending=[False, True, True, True], kind="stable")
    return ordered.drop_duplicates(list(of)).sort_index()


def best_cells(results: Results) -> pd.DataFrame:
    """The best cell of each loss, as a terminal shows them.

    Columns: loss, optimizer, learning_rate, solved (share of runs), gap (median), steps (median, to the tightest
    target; infinite unless most runs reached it).
    """
    import pandas as pd

    top = best(cells(results), of=["loss"])
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
    low: float
    high: float
    """The smallest and the largest of those shares."""
    leads: tuple[str, ...]
    """The losses on which no other optimizer reached more."""
    solved: int
    runs: int
    """Runs solved at the best rates, of how many."""


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
            low=float(scored[name]["reached"].min()),
            high=float(scored[name]["reached"].max()),
            leads=tuple(leads.get(name, ())),
            solved=int(scored[name]["solved"].sum()),
            runs=int(scored[name]["runs"].sum()),
        )
        for name, score in scores.items()
    ]
    return sorted(ranks, key=lambda rank: -rank.score)


def usable_decades(table: pd.DataFrame) -> float | None:
    """How many decades of learning rate the widest unbroken stretch spans in which half the runs or more are solved.

    ``table`` holds the cells of one optimizer on one loss, by learning rate. None where no rate solves half its runs; 0
    where only a single one does, since the grid cannot tell how wide it is.
    """
    widest: float | None = None
    begin: float | None = None
    for rate, solved in zip(table["learning_rate"], table["solved"] / table["runs"] >= 0.5, strict=True):
        begin = (rate if begin is None else begin) if solved else None
        if begin is not None:
            # Rates are given with four digits: equally long stretches of a grid must come out equal.
            widest = max(widest or 0.0, round(math.log10(rate / begin), 3))
    return widest


def at_edge(table: pd.DataFrame, top: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``top`` whose rate is the smallest or the largest tried, where more than two were tried."""
    rates = table.groupby(["loss", "optimizer"])["learning_rate"].agg(["min", "max", "nunique"])
    tried = top.join(rates, on=["loss", "optimizer"])
    edge = (tried["learning_rate"] == tried["min"]) | (tried["learning_rate"] == tried["max"])
    return tried[edge & (tried["nunique"] > 2) & (tried["reached"] > 0)]
