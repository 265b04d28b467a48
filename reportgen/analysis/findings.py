"""What can honestly be said of the results in a few sentences, each with the page that shows why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.numbers import count, decades, listed, number, point, rate, share
from reportgen.analysis.oneloss import contenders
from reportgen.analysis.ranking import at_edge, ranking, usable_decades

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.ranking import Rank
    from reportgen.results.read import Results


@dataclass(frozen=True)
class Finding:
    """A sentence in pieces; every second piece is emphasised."""

    pieces: tuple[str, ...]
    evidence: str
    """``#anchor`` on the front page, or ``loss:<label>``."""

    @property
    def text(self) -> str:
        """The sentence without emphasis."""
        return "".join(self.pieces)


def findings(results: Results, table: pd.DataFrame, top: pd.DataFrame, ranks: list[Rank]) -> list[Finding]:
    """The sentences that the results support, most important first; reference lines are in no comparison."""
    compared = contenders(results.manifest)
    among = ranking(top[top["optimizer"].isin(compared)])
    aside = [rank.optimizer for rank in ranks if rank.optimizer not in compared]
    found = [
        _failures(results),
        _leader(top, among, aside),
        _width(table, among),
        _edges(table, top),
        _stationary(results.runs),
        _divergence(table),
    ]
    return [finding for finding in found if finding is not None]


def _leader(top: pd.DataFrame, ranks: list[Rank], aside: list[str]) -> Finding | None:
    losses = top["loss"].nunique()
    if not ranks or ranks[0].score == 0:
        return Finding(("", "No target was reached", " by any optimizer at any learning rate."), "#outcomes")
    if len(ranks) == 1:
        only = ranks[0]
        return Finding(
            ("", only.optimizer, " reached ", share(only.score), " of all targets at its best learning rates."),
            "#ranking",
        )
    first = [rank.optimizer for rank in ranks if rank.place == 1]
    if len(first) > 1:
        return Finding(
            ("", listed(first), " are level: each reached ", share(ranks[0].score), " of the targets."), "#ranking"
        )
    leader, second = ranks[0], ranks[1]
    lead = "every loss" if len(leader.leads) == losses else f"{len(leader.leads)} of the {losses} losses"
    where = f" On {lead} no other reached more." if losses > 1 else ""
    where += f" Reference lines are left aside: {listed(aside)}." if aside else ""
    return Finding(
        (
            "",
            leader.optimizer,
            " leads: at its best learning rate it reached ",
            share(leader.score),
            f" of the targets, {second.optimizer} {share(second.score)}.{where}",
        ),
        "#ranking",
    )


def _width(table: pd.DataFrame, ranks: list[Rank]) -> Finding | None:
    """The optimizer whose narrowest usable range over all losses is the widest."""
    widths: dict[str, float] = {}
    for rank in ranks:
        mine = table[table["optimizer"] == rank.optimizer]
        spans = [usable_decades(cells) for _, cells in mine.groupby("loss", sort=False)]
        if spans and all(spans):
            widths[rank.optimizer] = min(span for span in spans if span is not None)
    if not widths or len(ranks) < 2:
        return None
    most = max(widths.values())
    named = [name for name, width in widths.items() if width == most]
    if len(named) > 2:
        return None
    several = table["loss"].nunique() > 1
    width, where = ("at least ", " on every loss") if several else ("", "")
    return Finding(
        (
            "",
            listed(named),
            f" {'have' if len(named) > 1 else 'has'} the widest good range: half the runs or more are solved over ",
            width + decades(most),
            f" of the rates tried{where}; no other optimizer has so wide a range{where}.",
        ),
        "#sensitivity",
    )


def _edges(table: pd.DataFrame, top: pd.DataFrame) -> Finding | None:
    edge = at_edge(table, top)
    if edge.empty:
        return None
    rows = zip(edge["optimizer"], edge["loss"], edge["learning_rate"], strict=True)
    told = [f"{optimizer} on {loss} ({rate(value)})" for optimizer, loss, value in rows]
    return Finding(
        (
            "At the edge of the grid: ",
            f"{len(edge)} of {len(top)}",
            f" best learning rates are the smallest or largest tried, so a better one may lie outside:"
            f" {listed(told, 3)}.",
        ),
        "#sensitivity",
    )


def _stationary(runs: pd.DataFrame) -> Finding | None:
    still = runs[runs["outcome"].astype(str) == "stationary"]
    if still.empty:
        return None
    loss = str(still["loss"].astype(str).mode().iloc[0])
    here = still[still["loss"] == loss]
    place = _gathered(here)
    near = f", {place[1]} of those near {_place(place[0])}" if place is not None else ""
    return Finding(
        (
            "",
            count(len(still), "run"),
            f" ended unsolved where the gradient is next to nothing beside that at the start,"
            f" {number(len(here), 15)} of them on {loss}{near}.",
        ),
        f"loss:{loss}",
    )


def _place(coordinates: list[float]) -> str:
    return f"x = {point(coordinates)}" if len(coordinates) == 1 else point(coordinates)


def _gathered(runs: pd.DataFrame) -> tuple[list[float], str] | None:
    """The middle of where runs ended, if more than half of them ended within a tenth of it, and whether all did."""
    ends = np.array([np.asarray(end, dtype=float) for end in runs["final_x"]])
    middle = np.median(ends, axis=0)
    close = np.linalg.norm(ends - middle, axis=1) <= 0.1
    if close.mean() <= 0.5:
        return None
    return [float(round(c, 2)) + 0.0 for c in middle], "all" if close.all() else "most"


def _divergence(table: pd.DataFrame) -> Finding | None:
    runs, lost = int(table["runs"].sum()), int(table["diverged"].sum())
    if not lost:
        return None
    lowest = float(table.loc[table["diverged"] > 0, "learning_rate"].min())
    if lowest > float(table["learning_rate"].min()):
        where = f", none at the rates tried below {rate(lowest)}."
    else:
        where = ", some even at the smallest learning rate."
    return Finding(("", f"{number(lost, 15)} of {number(runs, 15)}", f" runs diverged{where}"), "#outcomes")


def _failures(results: Results) -> Finding | None:
    failed: list[dict[str, Any]] = [p for p in results.manifest["programs"] if p["state"] == "failed"]
    if not failed:
        return None
    told = listed([f"{', '.join(p['optimizers'])} on {p['loss']}" for p in failed])
    return Finding(
        ("", count(len(failed), "program") + " failed", f": {told}. Its cells are kept and marked."), "#outcomes"
    )
