"""Who leads, in what was reached and in speed, and whether that would hold for other starts or other losses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.contest import Contest
from reportgen.analysis.evidence import Claim, Strength, excludes, strength_of
from reportgen.analysis.numbers import count, listed, number, share
from reportgen.analysis.paired import smallest_p
from reportgen.analysis.significance import LEAST_LOSSES, critical_difference, friedman

if TYPE_CHECKING:
    from reportgen.analysis.aggregate import Resampled
    from reportgen.analysis.ranking import Rank

RANKING = "#ranking"


def leading(held: Contest | None, ranks: list[Rank], aside: list[str]) -> Iterator[Claim]:
    """The claims about who is ahead among the optimizers of ``ranks``, best first; ``aside`` are reference lines."""
    if held is None or not ranks or ranks[0].score == 0:
        yield Claim(
            ("", "No target was reached", " by any optimizer at any learning rate."), "#outcomes", importance=90
        )
        return
    if len(ranks) == 1:
        only = ranks[0]
        told = ("", only.optimizer, " reached ", share(only.score), " of all targets at its best learning rates.")
        yield Claim(told, RANKING, importance=90, keys={"table": "ranking", "optimizer": only.optimizer})
        return
    yield _reached(held, ranks, aside)
    yield from _fastest(held)
    yield from _over_losses(held)


def _reached(held: Contest, ranks: list[Rank], aside: list[str]) -> Claim:
    """Who reached most targets."""
    first = [rank.optimizer for rank in ranks if rank.place == 1]
    keys = {"table": "ranking", "optimizer": first[0]}
    without = f" Reference lines are left aside: {listed(aside)}." if aside else ""
    if len(first) > 1:
        told = ("", listed(first), " are level: each reached ", share(ranks[0].score), f" of the targets.{without}")
        return Claim(told, RANKING, importance=90, keys=keys, strength="none")
    leader, second = ranks[0], ranks[1]
    a, b = held.names.index(leader.optimizer), held.names.index(second.optimizer)
    lead = "every loss" if len(leader.leads) == held.losses else f"{len(leader.leads)} of the {held.losses} losses"
    where = f" On {lead} no other reached more." if held.losses > 1 else ""
    difference = leader.score - second.score
    sure, strength = _certainty(held, held.other_reached, a, b, held.balance_reached(a, b), difference)
    return Claim(
        (
            "",
            f"{leader.optimizer} leads",
            ": at its best learning rate it reached ",
            share(leader.score),
            f" of the targets, {second.optimizer} {share(second.score)}; {sure}.{where}{without}",
        ),
        RANKING,
        strength,
        90,
        keys,
    )


def _certainty(
    held: Contest, others: Resampled | None, a: int, b: int, balance: float, difference: float
) -> tuple[str, Strength]:
    """What other random starts may make of a difference between two scores, in words and as a strength."""
    if others is None:
        return "nothing random varies here, so how sure that is cannot be said", "none"
    interval = others.difference(a, b)
    what = f"the difference of {_points(difference)} is {_span(interval)} with 95 % confidence"
    strength = strength_of(excludes(interval), balance)
    if excludes(interval):
        return what, strength
    starts = count(held.random, "random start")
    return f"{what}: no difference that {starts} a loss can show", "none"


def _points(difference: float) -> str:
    return f"{number(100 * abs(difference), 2)} points"


def _span(interval: tuple[float, float]) -> str:
    low, high = (number(100 * end, 2) for end in interval)
    return f"{low} to {high}"


def _fastest(held: Contest) -> Iterator[Claim]:
    """Who is ahead when time counts, if the score tells anyone apart."""
    speed = held.speed
    order = np.argsort(-speed, kind="stable")
    a, b = int(order[0]), int(order[1])
    if speed[a] == 0:
        return
    names = held.names
    keys = {"table": "ranking", "optimizer": names[a]}
    if round(float(speed[a] - speed[b]), 12) == 0:
        level = [names[int(place)] for place in order if round(float(speed[a] - speed[place]), 12) == 0]
        told = ("", listed(level), f" are equally fast: a speed score of {number(float(speed[a]), 2)} each.")
        yield Claim(told, RANKING, "none", 70, keys)
        return
    sure, strength = _certainty(held, held.other_speed, a, b, held.balance_speed(a, b), float(speed[a] - speed[b]))
    yield Claim(
        (
            "",
            f"{names[a]} is the fastest",
            f" in gradient evaluations: a speed score of {number(100 * float(speed[a]), 2)} of 100, "
            f"{names[b]} {number(100 * float(speed[b]), 2)}; {sure}.",
        ),
        RANKING,
        strength,
        80 if strength != "none" else 60,
        keys,
    )


def _over_losses(held: Contest) -> Iterator[Claim]:
    """Whether the ranks by speed differ over the losses, where there are enough of them for a test."""
    found = friedman(held.speed_by_loss)
    if found is None:
        return
    keys = {"table": "ranking"}
    tested = f"over {held.losses} losses (Friedman, p {_p(found.p)})"
    if found.p > 0.05:
        told = ("", "No optimizer is faster than the others in general", f": their ranks do not differ {tested}.")
        yield Claim(told, RANKING, "none", 75, keys)
        return
    apart = critical_difference(len(held.names), held.losses) or np.inf
    best = int(np.argmin(found.mean_ranks))
    worse = [n for n, rank in zip(held.names, found.mean_ranks, strict=True) if rank - found.mean_ranks[best] >= apart]
    beaten = f"it is ahead of {listed(worse)}" if worse else "it is not ahead of any single other one"
    yield Claim(
        (
            "The ranks by speed differ ",
            tested,
            f": {held.names[best]} has the best mean rank, {number(found.mean_ranks[best])}, and by the critical "
            f"difference of {number(apart, 2)} {beaten}.",
        ),
        RANKING,
        "strong" if worse else "moderate",
        75,
        keys,
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {number(value, 2)}"


def what_losses_can_show(losses: int, optimizers: int) -> str:
    """What a test over so few losses could find at best; nothing where a Friedman test is made."""
    if losses >= LEAST_LOSSES or optimizers < 2:
        return ""
    least = smallest_p(losses, optimizers * (optimizers - 1) // 2)
    return (
        f"{'One loss is' if losses == 1 else f'{losses} losses are'} too few for a test over losses: the smallest p "
        f"that could come out of all comparisons is {number(least, 2)}, so nothing is said about other losses."
    )
