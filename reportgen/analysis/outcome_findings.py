"""Findings on outcomes: what failed, diverged or stopped, and what the losses and budgets cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.claim import Claim, uninformative
from reportgen.analysis.number_format import and_list, count, names, number, point, rate, shorten
from reportgen.results.result_tables import lists_to_array

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.results.manifest import LossInfo, ProgramEntry

OUTCOMES = "#outcomes"


def failed_programs(programs: Sequence[ProgramEntry]) -> Iterator[Claim]:
    """The programs that could not be run."""
    failed = [program for program in programs if program.failed]
    if not failed:
        return
    by_reason: dict[str, list[str]] = {}
    for program in failed:
        where = f"{names(program.optimizers)} on {shorten(program.loss)}"
        by_reason.setdefault(program.reason or "", []).append(where)
    which = "; ".join(f"{and_list(where)} ({reason})" for reason, where in by_reason.items())
    pieces = (
        "",
        f"{count(len(failed), 'program')} failed",
        f": {which}. A program is all runs of one optimizer on one loss.",
    )
    yield Claim(pieces, OUTCOMES, importance=100, keys={"table": "outcomes"})


def unknown_minima(losses: Sequence[LossInfo]) -> Iterator[Claim]:
    """The losses of which the lowest value found takes the place of the minimum."""
    for info in losses:
        if info.minimum is None or info.minimum_is_declared:
            continue
        pieces = (
            "The minimum of ",
            shorten(info.label),
            f" is unknown. The lowest value that any run found takes its place: {number(info.minimum, 6)}. A better "
            "optimizer could find a lower one, and all gaps would grow.",
        )
        yield Claim(pieces, f"loss:{info.label}", importance=94, keys={"table": "outcomes", "loss": info.label})


def wrong_minima(runs: pd.DataFrame, losses: Sequence[LossInfo]) -> Iterator[Claim]:
    """The losses on which runs inside the domain ended below the declared minimum, which must then be wrong."""
    escaped = runs[runs["outcome"].astype(str) == "escaped"]
    for info in losses:
        here = escaped[escaped["loss"].astype(str) == info.label]
        if info.minimum is None or info.domain_only or here.empty:
            continue
        pieces = (
            "The declared minimum of ",
            shorten(info.label),
            f" is wrong: it is {number(info.minimum, 6)}, but {count(len(here), 'run')} ended below it, the lowest at "
            f"{number(float(here['final_loss'].min()), 6)}. No target counts as hit by these runs.",
        )
        yield Claim(pieces, f"loss:{info.label}", importance=95, keys={"table": "outcomes", "loss": info.label})


def runs_that_left_the_target(cells: pd.DataFrame) -> Iterator[Claim]:
    """How many runs were within the tightest target and left it, and which optimizer did so most often.

    Args:
        cells: a table made by ``cell_table``.
    """
    total = int(cells["left_target"].sum())
    if not total:
        return
    by_pair = cells.groupby(["optimizer", "loss"], sort=False, observed=True)["left_target"].sum().reset_index()
    optimizer, loss, most = by_pair.iloc[int(by_pair["left_target"].argmax())].tolist()
    which = "all" if most == total else number(most, 15)
    pieces = (
        "",
        f"{count(total, 'run')} left the tightest target",
        f" after being within it, {which} by {shorten(optimizer)} on {shorten(loss)}: these runs are unsolved, because "
        "users get the last iterate.",
    )
    keys = {"table": "cells", "loss": loss, "optimizer": optimizer}
    yield Claim(pieces, f"loss:{loss}", importance=48, keys=keys)


def stationary_runs(runs: pd.DataFrame) -> Iterator[Claim]:
    """Where runs ended at a stationary point without being solved."""
    still = runs[runs["outcome"].astype(str) == "stationary"]
    if still.empty:
        return
    loss = str(still["loss"].astype(str).mode().iloc[0])
    here = still[still["loss"] == loss]
    cluster = _cluster(here)
    near = f" ({cluster[1]} of these near {_place(cluster[0])})" if cluster else ""
    on = f"all on {shorten(loss)}" if len(here) == len(still) else f"{number(len(here), 15)} of them on {shorten(loss)}"
    verb = "is" if len(still) == 1 else "are"
    pieces = (
        "",
        f"{count(len(still), 'run')} {verb} stationary",
        f", {on}{near}: unsolved, with a negligible gradient norm and no more progress.",
    )
    yield Claim(pieces, f"loss:{loss}", importance=50, keys={"table": "outcomes", "loss": loss})


def _place(coordinates: list[float]) -> str:
    return f"x = {point(coordinates)}" if len(coordinates) == 1 else point(coordinates)


def _cluster(runs: pd.DataFrame) -> tuple[list[float], str] | None:
    """The median end of the runs if more than half of them ended within 0.1 of it, and whether all or most did."""
    ends = lists_to_array(runs["final_x"])
    middle = np.median(ends, axis=0)
    close = np.linalg.norm(ends - middle, axis=1) <= 0.1
    if close.mean() <= 0.5:
        return None
    return [float(round(c, 2)) + 0.0 for c in middle], "all" if close.all() else "most"


def diverged_runs(cells: pd.DataFrame, sensitivities: Sequence[Sensitivity]) -> Iterator[Claim]:
    """How many runs diverged, and from which learning rate.

    Args:
        cells: a table made by ``cell_table``.
        sensitivities: the sensitivity of each optimizer on each loss.
    """
    runs, lost = int(cells["runs"].sum()), int(cells["diverged"].sum())
    if not lost:
        return
    lowest = float(cells.loc[cells["diverged"] > 0, "learning_rate"].min())
    if lowest > float(cells["learning_rate"].min()):
        where = f"none at learning rates below {rate(lowest)}"
    else:
        where = "some even at the smallest learning rate"
    keys, first = {"table": "outcomes"}, ""
    edges = [
        (each.diverges_from, each.optimizer, each.loss) for each in sensitivities if each.diverges_from is not None
    ]
    if edges:
        begin, optimizer, loss = min(edges)
        level = sum(edge[0] == begin for edge in edges) - 1
        others = f" and {count(level, 'more optimizer-loss pair')}" if level else ""
        pair = f"{shorten(optimizer)} on {shorten(loss)}{others}"
        first = (
            f" First to diverge as the learning rate grows: {pair}. Half or more of {'their' if level else 'its'} runs "
            f"diverge at {rate(begin)} and at all larger learning rates."
        )
        keys = {"table": "cells", "loss": loss, "optimizer": optimizer}
    pieces = ("", f"{number(lost, 15)} of {number(runs, 15)}", f" runs diverged, {where}.{first}")
    yield Claim(pieces, OUTCOMES, importance=40, keys=keys)


def unequal_budgets(runs: pd.DataFrame) -> Iterator[Claim]:
    """The optimizers that evaluate the gradient more than once per step."""
    ran = runs[runs["outcome"].astype(str) != "failed"]
    spent = ran.groupby(ran["optimizer"].astype(str), sort=False)[["gradient_evaluations", "steps"]].sum()
    per_step = {name: evaluations / steps if steps else 1.0 for name, evaluations, steps in spent.itertuples()}
    more = {name: evaluations for name, evaluations in per_step.items() if evaluations > min(per_step.values())}
    if not more:
        return
    which = and_list([f"{shorten(name)} ({number(evaluations)} per step)" for name, evaluations in more.items()])
    pieces = (
        "Unequal budgets: ",
        which,
        f" {'evaluate' if len(more) > 1 else 'evaluates'} the gradient more often than the others in the same number "
        "of steps. Speed is counted in gradient evaluations.",
    )
    yield Claim(pieces, "#ranking", importance=58, keys={"table": "ranking", "optimizer": next(iter(more))})


def uninformative_losses(best: pd.DataFrame) -> Iterator[Claim]:
    """The losses on which every optimizer succeeded, or none did; ``best`` is made by ``best_cells.best_cells``."""
    found = uninformative(best)
    parts = []
    if found.all_solved:
        parts.append(f"on {names(found.all_solved)} every run of every optimizer was solved")
    if found.none_solved:
        parts.append(f"on {names(found.none_solved)} no run was solved")
    if not parts:
        return
    affected = (*found.all_solved, *found.none_solved)
    verb = f"{'loss' if found.losses == 1 else 'losses'} {'does' if len(affected) == 1 else 'do'}"
    pieces = (
        "",
        f"{len(affected)} of {found.losses}",
        f" {verb} not separate the optimizers by success at the best learning rates: {' and '.join(parts)}.",
    )
    yield Claim(pieces, "#sensitivity", importance=35, keys={"table": "ranking", "loss": affected[0]})
