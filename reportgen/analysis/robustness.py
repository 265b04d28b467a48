"""How much the learning rate matters to each optimizer: its range, the edge of the grid, one rate for all losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.evidence import Claim
from reportgen.analysis.numbers import decades, listed, rate, share
from reportgen.analysis.tuning import one_rate

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.sensitivity import Sensitivity

SENSITIVITY = "#sensitivity"


def robustness(found: Sequence[Sensitivity], table: pd.DataFrame, compared: Sequence[str]) -> Iterator[Claim]:
    """The claims about learning rates; ``compared`` are the optimizers without reference lines."""
    mine = [each for each in found if each.optimizer in compared]
    yield from _widest(mine, compared)
    yield from _edges(found)
    yield from _one_for_all(table[table["optimizer"].isin(list(compared))])


def _widest(found: Sequence[Sensitivity], compared: Sequence[str]) -> Iterator[Claim]:
    """The optimizer whose narrowest usable range over all losses is the widest."""
    widths = {}
    for name in compared:
        # Where no target was reached there is no good rate for a range to be about.
        spans = [each.decades if each.reached else None for each in found if each.optimizer == name]
        if spans and all(spans):
            widths[name] = min(span for span in spans if span is not None)
    if not widths or len(compared) < 2:
        return
    most = max(widths.values())
    named = [name for name, width in widths.items() if width == most]
    if len(named) > 2:
        return
    several = len({each.loss for each in found}) > 1
    width, where = ("at least ", " on every loss") if several else ("", "")
    yield Claim(
        (
            "",
            listed(named),
            f" {'have' if len(named) > 1 else 'has'} the widest usable range: "
            "within 10 times the best rate's median gap over ",
            width + decades(most),
            f" of the rates tried{where}.",
        ),
        SENSITIVITY,
        importance=65,
        keys={"table": "sensitivity", "optimizer": named[0]},
    )


def _edges(found: Sequence[Sensitivity]) -> Iterator[Claim]:
    edge = [each for each in found if each.edge]
    if not edge:
        return
    told = [f"{each.optimizer} on {each.loss} ({rate(each.best_rate)})" for each in edge]
    yield Claim(
        (
            "At the edge of the grid: ",
            f"{len(edge)} of {len(found)}",
            " best learning rates are the smallest or largest tried, so a better one may lie outside: "
            f"{listed(told, 3)}.",
        ),
        SENSITIVITY,
        importance=55,
        keys={"table": "sensitivity", "loss": edge[0].loss, "optimizer": edge[0].optimizer},
    )


def _one_for_all(table: pd.DataFrame) -> Iterator[Claim]:
    """Who loses least, and who most, with one rate on all losses; where tuning on each loss makes a difference."""
    if table["loss"].nunique() < 2 or table["learning_rate"].nunique() < 2 or table["optimizer"].nunique() < 2:
        return
    lost = one_rate(table).sort_values("lost", kind="stable")
    lost = lost[lost["tuned"] > 0]
    if len(lost) < 2 or lost["lost"].iloc[-1] < 0.01:
        return
    least, most = lost.iloc[0], lost.iloc[-1]
    if least["lost"] == most["lost"]:
        return
    yield Claim(
        (
            "With one rate for all losses ",
            f"{least['optimizer']} loses least",
            f" against a rate tuned to each: {_loss(least)} of its targets, at {rate(least['learning_rate'])}; "
            f"{most['optimizer']} loses most, {_loss(most)}.",
        ),
        SENSITIVITY,
        importance=45,
        keys={"table": "sensitivity", "optimizer": str(least["optimizer"])},
    )


def _loss(row: pd.Series[float]) -> str:
    return share(max(float(row["lost"]), 0.0) / float(row["tuned"]))
