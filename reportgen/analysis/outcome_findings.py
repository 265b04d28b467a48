"""How runs ended, and what the losses and the budgets of this matrix cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.claim import Claim, discrimination
from reportgen.analysis.number_format import and_list, count, number, point, rate
from reportgen.analysis.runtimes import gradients_per_step
from reportgen.results.result_tables import lists_to_array

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.results.result_tables import Results

OUTCOMES = "#outcomes"


def failed_programs(results: Results) -> Iterator[Claim]:
    """What could not be run."""
    failed: list[dict[str, Any]] = [p for p in results.manifest["programs"] if p["state"] == "failed"]
    if not failed:
        return
    told = and_list([f"{', '.join(p['optimizers'])} on {p['loss']}" for p in failed])
    whose = "Its" if len(failed) == 1 else "Their"
    pieces = ("", count(len(failed), "program") + " failed", f": {told}. {whose} cells are kept and marked.")
    yield Claim(pieces, OUTCOMES, importance=100, keys={"table": "outcomes"})


def stationary_runs(runs: pd.DataFrame) -> Iterator[Claim]:
    """Where runs came to rest unsolved."""
    still = runs[runs["outcome"].astype(str) == "stationary"]
    if still.empty:
        return
    loss = str(still["loss"].astype(str).mode().iloc[0])
    here = still[still["loss"] == loss]
    place = _gathered(here)
    near = f", {place[1]} of those near {_place(place[0])}" if place is not None else ""
    on = f"all of them on {loss}" if len(here) == len(still) else f"{number(len(here), 15)} of them on {loss}"
    yield Claim(
        (
            "",
            count(len(still), "run"),
            f" ended unsolved where the gradient is next to nothing beside that at the start, {on}{near}.",
        ),
        f"loss:{loss}",
        importance=50,
        keys={"table": "outcomes", "loss": loss},
    )


def _place(coordinates: list[float]) -> str:
    return f"x = {point(coordinates)}" if len(coordinates) == 1 else point(coordinates)


def _gathered(runs: pd.DataFrame) -> tuple[list[float], str] | None:
    """The middle of where runs ended, if more than half of them ended within a tenth of it, and whether all did."""
    ends = lists_to_array(runs["final_x"])
    middle = np.median(ends, axis=0)
    close = np.linalg.norm(ends - middle, axis=1) <= 0.1
    if close.mean() <= 0.5:
        return None
    return [float(round(c, 2)) + 0.0 for c in middle], "all" if close.all() else "most"


def diverged_runs(table: pd.DataFrame, found: Sequence[Sensitivity]) -> Iterator[Claim]:
    """How many runs diverged, and who at which rate first."""
    runs, lost = int(table["runs"].sum()), int(table["diverged"].sum())
    if not lost:
        return
    lowest = float(table.loc[table["diverged"] > 0, "learning_rate"].min())
    if lowest > float(table["learning_rate"].min()):
        where = f", none at the rates tried below {rate(lowest)}"
    else:
        where = ", some even at the smallest learning rate"
    keys, first = {"table": "outcomes"}, ""
    edges = [(each.diverges_from, each.optimizer, each.loss) for each in found if each.diverges_from is not None]
    if edges:
        begin, optimizer, loss = min(edges)
        level = sum(each[0] == begin for each in edges) - 1
        others = f", as {level} more {'does' if level == 1 else 'do'}" if level else ""
        first = f"; half the runs or more of {optimizer} on {loss} do from {rate(begin)} on{others}"
        keys = {"table": "cells", "loss": loss, "optimizer": optimizer}
    pieces = ("", f"{number(lost, 15)} of {number(runs, 15)}", f" runs diverged{where}{first}.")
    yield Claim(pieces, OUTCOMES, importance=40, keys=keys)


def unequal_budgets(results: Results) -> Iterator[Claim]:
    """Which optimizers evaluate the gradient more often than once a step."""
    runs = results.runs
    made = runs[runs["outcome"].astype(str) != "failed"]
    each = dict(zip(made["optimizer"].astype(str), gradients_per_step(made), strict=True))
    more = {name: times for name, times in each.items() if times > min(each.values())}
    if not more:
        return
    told = [f"{name} ({number(times)} a step)" for name, times in more.items()]
    pieces = (
        "Unequal budgets: ",
        and_list(told),
        f" {'evaluate' if len(more) > 1 else 'evaluates'} the gradient more often than the others in as many steps; "
        "speeds are counted in evaluations.",
    )
    yield Claim(pieces, "#ranking", importance=58, keys={"table": "ranking", "optimizer": next(iter(more))})


def uninformative_losses(top: pd.DataFrame) -> Iterator[Claim]:
    """The losses on which everybody or nobody succeeded."""
    found = discrimination(top)
    parts = []
    if found.everyone:
        parts.append(f"on {and_list(found.everyone)} every run of every optimizer was solved")
    if found.no_one:
        parts.append(f"on {and_list(found.no_one)} none was")
    if not parts:
        return
    loss, undecided_on = (*found.everyone, *found.no_one)[0], len(found.everyone) + len(found.no_one)
    pieces = (
        "",
        f"{undecided_on} of {found.losses}",
        f" {'losses' if found.losses > 1 else 'loss'} {'tell' if undecided_on > 1 else 'tells'} no optimizer from "
        "another by success at the best rates: "
        f"{' and '.join(parts)}.",
    )
    yield Claim(pieces, "#sensitivity", importance=35, keys={"table": "ranking", "loss": loss})
