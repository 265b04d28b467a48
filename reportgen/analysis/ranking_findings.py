"""Who leads, in what was reached and in speed, and whether that would hold for other starts or other losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.claim import Claim, Strength, evidence_strength, interval_excludes
from reportgen.analysis.leaderboard import Leaderboard
from reportgen.analysis.number_format import and_list, count, number, share
from reportgen.analysis.significance import LEAST_LOSSES, LEAST_SOLVERS, critical_difference, friedman

if TYPE_CHECKING:
    from reportgen.analysis.ranking import Rank
    from reportgen.analysis.scores import ResampledScores

RANKING = "#ranking"


def ranking_findings(held: Leaderboard | None, ranks: list[Rank], aside: Sequence[str]) -> Iterator[Claim]:
    """The claims about who is ahead among the optimizers of ``ranks``, best first; ``aside`` take no part."""
    without = f" Left aside: {and_list(list(aside))}." if aside else ""
    if held is None or not ranks or ranks[0].score == 0:
        which = "any optimizer" if not aside else "any of the optimizers that are compared"
        nothing = ("", "No target was reached", f" by {which} at any learning rate.{without}")
        yield Claim(nothing, "#outcomes", importance=90, keys={"table": "outcomes"})
        return
    if len(ranks) == 1:
        only = ranks[0]
        told = ("", only.optimizer, " reached ", share(only.score), f" of all targets at its best rates.{without}")
        yield Claim(told, RANKING, importance=90, keys={"table": "ranking", "optimizer": only.optimizer})
        return
    yield _reached(held, ranks, without)
    yield from _fastest(held)
    yield from _over_losses(held)


def _reached(held: Leaderboard, ranks: list[Rank], without: str) -> Claim:
    """Who reached most targets."""
    first = [rank.optimizer for rank in ranks if rank.place == 1]
    keys = {"table": "ranking", "optimizer": first[0]}
    if len(first) > 1:
        told = (
            "",
            and_list(first),
            " are level: each reached ",
            share(ranks[0].score),
            f" of the targets.{without}",
        )
        return Claim(told, RANKING, importance=90, keys=keys, strength="none")
    leader, second = ranks[0], ranks[1]
    a, b = held.names.index(leader.optimizer), held.names.index(second.optimizer)
    balance, difference = held.balance_reached(a, b), leader.score - second.score
    sure, strength = _certainty(held, held.other_reached, a, b, balance, difference)
    lead = "leads" if strength in ("strong", "moderate") else "reached most in these runs"
    return Claim(
        (
            "",
            f"{leader.optimizer} {lead}",
            ": at its best learning rates ",
            share(leader.score),
            f" of the targets, {second.optimizer} {share(second.score)}; {sure}.{_where(held, leader)}{without}",
        ),
        RANKING,
        strength,
        90,
        keys,
    )


def _where(held: Leaderboard, leader: Rank) -> str:
    """On how many of the losses on which anything was reached no other reached more."""
    if held.losses < 2:
        return ""
    told = sum(bool(np.isfinite(held.t[held.loss == one]).any()) for one in np.unique(held.loss))
    lead = "every loss" if len(leader.leads) == told else f"{len(leader.leads)} of {count(told, 'loss')}"
    return f" On {lead.replace('losss', 'losses')} no other reached more."


def _certainty(
    held: Leaderboard, others: ResampledScores | None, a: int, b: int, balance: float, difference: float
) -> tuple[str, Strength | None]:
    """What other random starts may make of a difference between two scores, in words and as a strength."""
    several = count(held.random, held.unit_noun)
    if others is None:
        few = f"{several} are too few" if held.random > 1 else "nothing random varies here"
        return f"{few} to say how sure that is", None
    interval = others.difference(a, b)
    if not interval_excludes(interval):
        found = f"the difference of {_points(difference)} may be {_span(interval)} with others (95 %)"
        return f"{found}, so it is none that {several} can show", "none"
    found = f"the difference of {_points(difference)} is {_span(interval)} with 95 % confidence"
    if interval[0] == interval[1]:
        found = f"the difference of {_points(difference)} is the same with all {several}"
    strength = evidence_strength(True, balance)
    if strength == "none":
        return f"{found}, but from {'most' if balance < 0 else 'about half'} of them it is not ahead", None
    return found, strength


def _points(difference: float) -> str:
    return count(float(f"{100 * abs(difference):.2g}"), "point")


def _span(interval: tuple[float, float]) -> str:
    low, high = (number(100 * end, 2) for end in interval)
    return f"{low} to {high}"


def _fastest(held: Leaderboard) -> Iterator[Claim]:
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
        told = ("", and_list(level), f" are equally fast: a speed score of {number(float(speed[a]), 2)} each.")
        yield Claim(told, RANKING, "none", 70, keys)
        return
    sure, strength = _certainty(held, held.other_speed, a, b, held.balance_speed(a, b), float(speed[a] - speed[b]))
    shown = strength in ("strong", "moderate")
    scores = (
        f"a speed score of {number(100 * float(speed[a]), 2)} of 100, {names[b]} {number(100 * float(speed[b]), 2)}"
    )
    told = (
        "",
        f"{names[a]} {'is the fastest' if shown else 'was the fastest in these runs'}",
        f", in gradient evaluations: {scores}; {sure}.",
    )
    yield Claim(told, RANKING, strength, 80 if shown else 60, keys)


def _over_losses(held: Leaderboard) -> Iterator[Claim]:
    """Whether the ranks by speed differ over the losses, where there are enough of them for a test."""
    found = friedman(held.speed_by_loss)
    if found is None:
        return
    keys = {"table": "ranking"}
    tested = f"over {held.losses} losses (Friedman, p {_p(found.p)})"
    if found.p > 0.05:
        told = ("No difference between the speeds", " that these losses can show", f": {tested}.")
        yield Claim(told, RANKING, "none", 75, keys)
        return
    apart = critical_difference(len(held.names), held.losses) or np.inf
    best = int(np.argmin(found.mean_ranks))
    worse = [n for n, rank in zip(held.names, found.mean_ranks, strict=True) if rank - found.mean_ranks[best] >= apart]
    beaten = f"it is ahead of {and_list(worse)}" if worse else "it is not ahead of any single other one"
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


def losses_needed_note(losses: int, optimizers: int) -> str:
    """Why no test over the losses is made; nothing where one is."""
    if optimizers < 2 or (losses >= LEAST_LOSSES and optimizers >= LEAST_SOLVERS):
        return ""
    told = f"A test over losses takes {LEAST_LOSSES} of them and {LEAST_SOLVERS} optimizers"
    return f"{told}; here are {losses} and {optimizers}, so nothing is said about other losses."
