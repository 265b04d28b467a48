"""Findings on the ranking: who leads in targets hit and in speed, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.claim import Claim, Strength, evidence_strength, interval_excludes
from reportgen.analysis.number_format import count, names, number, share, shorten
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.significance import LEAST_LOSSES, LEAST_SOLVERS, critical_difference, friedman

if TYPE_CHECKING:
    from reportgen.analysis.ranking import Rank
    from reportgen.analysis.scores import ResampledScores

RANKING = "#ranking"


def ranking_findings(board: Leaderboard | None, ranks: list[Rank], excluded: Sequence[str]) -> Iterator[Claim]:
    """The claims about the ranking.

    Args:
        board: the leaderboard of the optimizers in ``ranks``; None without one.
        ranks: the ranking, the best first.
        excluded: labels of the optimizers that take no part.
    """
    excluded_note = f" Excluded: {names(excluded)}." if excluded else ""
    if board is None or not ranks or ranks[0].score == 0:
        which = "any compared optimizer" if excluded else "any optimizer"
        pieces = ("", "No target was hit", f" by {which} at any learning rate.{excluded_note}")
        yield Claim(pieces, "#outcomes", importance=90, keys={"table": "outcomes"})
        return
    if len(ranks) == 1:
        only = ranks[0]
        rest = f" of all targets at its best learning rates.{excluded_note}"
        hits = ("", shorten(only.optimizer), " hit ", share(only.score), rest)
        yield Claim(hits, RANKING, importance=90, keys={"table": "ranking", "optimizer": only.optimizer})
        return
    yield _most_hits(board, ranks, excluded_note)
    yield from _fastest(board)
    yield from _over_losses(board)


def _most_hits(board: Leaderboard, ranks: list[Rank], excluded_note: str) -> Claim:
    first = [rank.optimizer for rank in ranks if rank.place == 1]
    keys = {"table": "ranking", "optimizer": first[0]}
    if len(first) > 1:
        pieces = ("", names(first), " tie: each hit ", share(ranks[0].score), f" of the targets.{excluded_note}")
        return Claim(pieces, RANKING, importance=90, keys=keys, strength="none")
    leader, second = ranks[0], ranks[1]
    a, b = board.names.index(leader.optimizer), board.names.index(second.optimizer)
    balance, difference = board.hit_balance(a, b), leader.score - second.score
    certainty, strength = _certainty(board, board.resampled_hit_rates, a, b, balance, difference)
    is_shown = strength in ("strong", "moderate")
    lead = "leads" if is_shown else "hit the most targets in these runs"
    pieces = (
        "",
        f"{shorten(leader.optimizer)} {lead}",
        ": at its best learning rates it hit " if is_shown else ": ",
        share(leader.score),
        f" of the targets, {shorten(second.optimizer)} {share(second.score)} ({certainty})."
        f"{_where(board, leader)}{excluded_note}",
    )
    return Claim(pieces, RANKING, strength, 90, keys)


def _where(board: Leaderboard, leader: Rank) -> str:
    """On how many of the losses with hits no other optimizer has more."""
    if board.loss_count < 2:
        return ""
    with_hits = sum(bool(np.isfinite(board.runtimes[board.loss == one]).any()) for one in np.unique(board.loss))
    where = "every loss" if len(leader.leads) == with_hits else f"{len(leader.leads)} of {count(with_hits, 'loss')}"
    return f" On {where} it hit the most targets, alone or tied."


def _certainty(
    board: Leaderboard, resampled: ResampledScores | None, a: int, b: int, balance: float, difference: float
) -> tuple[str, Strength | None]:
    """Difference and interval of two scores in words, and the strength of the evidence."""
    draws = count(board.draws, board.draw_noun)
    size = f"difference {_points(difference)}"
    if resampled is None:
        reason = f"{draws} are too few" if board.draws > 1 else "nothing random varies"
        return f"{size}, no interval: {reason}", None
    interval = resampled.difference(a, b)
    text = f"{size}, 95 % CI {_span(interval)}"
    if not interval_excludes(interval):
        return f"{text}: not significant with {draws}", "none"
    if interval[0] == interval[1]:
        text = f"{size}, the same for all {draws}"
    strength = evidence_strength(True, balance)
    if strength == "none":
        return f"{text}, but not ahead on {'most' if balance < 0 else 'about half'} of {draws}", None
    return text, strength


def _points(difference: float) -> str:
    return count(float(f"{100 * abs(difference):.2g}"), "point")


def _span(interval: tuple[float, float]) -> str:
    low, high = (number(100 * end, 2) for end in interval)
    return f"{low} to {high}"


def _fastest(board: Leaderboard) -> Iterator[Claim]:
    """Who has the highest speed score, if any score is above zero."""
    speed = board.speed
    order = np.argsort(-speed, kind="stable")
    a, b = int(order[0]), int(order[1])
    if speed[a] == 0:
        return
    first, second = board.names[a], board.names[b]
    keys = {"table": "ranking", "optimizer": first}
    if round(float(speed[a] - speed[b]), 12) == 0:
        level = [board.names[int(place)] for place in order if round(float(speed[a] - speed[place]), 12) == 0]
        pieces = ("", names(level), f" are equally fast: speed score {number(100 * float(speed[a]), 2)} of 100 each.")
        yield Claim(pieces, RANKING, "none", 70, keys)
        return
    balance, difference = board.speed_balance(a, b), float(speed[a] - speed[b])
    certainty, strength = _certainty(board, board.resampled_speed, a, b, balance, difference)
    is_shown = strength in ("strong", "moderate")
    scores = f"{number(100 * float(speed[a]), 2)} of 100, {shorten(second)} {number(100 * float(speed[b]), 2)}"
    pieces = (
        "",
        f"{shorten(first)} {'is the fastest' if is_shown else 'was the fastest in these runs'}",
        f" in gradient evaluations: speed score {scores} ({certainty}).",
    )
    yield Claim(pieces, RANKING, strength, 80 if is_shown else 60, keys)


def _over_losses(board: Leaderboard) -> Iterator[Claim]:
    """Whether speed differs over the losses, if there are enough of them for a test."""
    found = friedman(board.speed_by_loss)
    if found is None:
        return
    keys = {"table": "ranking"}
    test = f"over {board.loss_count} losses (Friedman test, p {_p(found.p)})"
    if found.p > 0.05:
        pieces = ("No difference in speed", " is significant", f" {test}.")
        yield Claim(pieces, RANKING, "none", 75, keys)
        return
    apart = critical_difference(len(board.names), board.loss_count) or np.inf
    best = int(np.argmin(found.mean_ranks))
    ranks = zip(board.names, found.mean_ranks, strict=True)
    worse = [name for name, rank in ranks if rank - found.mean_ranks[best] >= apart]
    ahead = f"ahead of {names(worse)}" if worse else "not ahead of any single optimizer"
    pieces = (
        "Speed differs between the optimizers ",
        test,
        f": {shorten(board.names[best])} has the best mean rank, {number(found.mean_ranks[best])}, and is {ahead} "
        f"by the critical difference of {number(apart, 2)}.",
    )
    yield Claim(pieces, RANKING, "strong" if worse else "moderate", 75, keys)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {number(value, 2)}"


def losses_needed_note(losses: int, optimizers: int) -> str:
    """Why there is no test over the losses; empty if there is one."""
    if optimizers < 2 or (losses >= LEAST_LOSSES and optimizers >= LEAST_SOLVERS):
        return ""
    return (
        f"A significance test over losses needs at least {LEAST_LOSSES} losses and {LEAST_SOLVERS} optimizers. This "
        f"report has {count(losses, 'loss')} and {count(optimizers, 'optimizer')}, so its results cover only "
        "these losses."
    )
