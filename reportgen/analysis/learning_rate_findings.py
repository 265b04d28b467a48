"""How much the learning rate matters to each optimizer: its range, the edge of the grid, one rate for all losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.claim import Claim
from reportgen.analysis.number_format import and_list, decades, rate, share
from reportgen.analysis.tuning_curve import shared_rate_table

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.sensitivity import Sensitivity

SENSITIVITY = "#sensitivity"


def learning_rate_findings(
    found: Sequence[Sensitivity], table: pd.DataFrame, compared: Sequence[str]
) -> Iterator[Claim]:
    """The claims about learning rates; ``compared`` are the optimizers without reference lines."""
    mine = [each for each in found if each.optimizer in compared]
    yield from _widest(mine, compared)
    yield from _edges(mine)
    yield from _one_for_all(table[table["optimizer"].isin(list(compared))])


def _widest(found: Sequence[Sensitivity], compared: Sequence[str]) -> Iterator[Claim]:
    """The optimizer whose narrowest usable range over all losses is the widest, where it is that by a step or more."""
    widths = {}
    for name in compared:
        spans = [(each.decades or 0.0) if each.solves else 0.0 for each in found if each.optimizer == name]
        widths[name] = min(spans, default=0.0)
    most = max(widths.values(), default=0.0)
    named = [name for name, width in widths.items() if width == most]
    if not most or len(compared) < 2 or len(named) > 1:
        return
    several = len({each.loss for each in found}) > 1
    yield Claim(
        (
            "",
            named[0],
            " has the widest usable range within this grid: within 10 times the best rate's median gap over ",
            decades(most),
            f" of the rates tried{', on every loss at least' if several else ''}.",
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
            f" best learning rates {'are' if len(edge) > 1 else 'is'} the smallest or largest tried, "
            f"so a better one may lie outside: {and_list(told, 3)}.",
        ),
        SENSITIVITY,
        importance=55,
        keys={"table": "sensitivity", "loss": edge[0].loss, "optimizer": edge[0].optimizer},
    )


def _one_for_all(table: pd.DataFrame) -> Iterator[Claim]:
    """Who loses least, and who most, with one rate on all losses; where tuning on each loss makes a difference."""
    if table["loss"].nunique() < 2 or table["learning_rate"].nunique() < 2 or table["optimizer"].nunique() < 2:
        return
    lost = shared_rate_table(table)
    lost = lost[lost["tuned"] > 0]
    lost = lost.assign(part=(lost["lost"].clip(lower=0) / lost["tuned"]).round(12)).sort_values("part", kind="stable")
    if len(lost) < 2 or lost["part"].iloc[-1] < 0.01 or lost["part"].iloc[0] == lost["part"].iloc[-1]:
        return
    least, most = lost.iloc[0], lost.iloc[-1]
    yield Claim(
        (
            "With one rate for all losses ",
            f"{least['optimizer']} loses least",
            f" against a rate tuned to each: {share(least['part'])} of its targets, at {rate(least['learning_rate'])}; "
            f"{most['optimizer']} loses most, {share(most['part'])}.",
        ),
        SENSITIVITY,
        importance=45,
        keys={"table": "sensitivity", "optimizer": str(least["optimizer"])},
    )
