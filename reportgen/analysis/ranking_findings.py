"""Findings on the ranking: who leads in targets hit and in speed, and how sure that is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.claim import Claim, evidence_strength
from reportgen.analysis.lead import hit_lead, speed_lead
from reportgen.analysis.number_format import count, names, number, share, shorten
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.significance import critical_difference, friedman, is_pair_test_possible, wilcoxon_holm

if TYPE_CHECKING:
    from reportgen.analysis.ranking import Rank

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
    lead, score = hit_lead(board), ranks[0].score
    keys = {"table": "ranking", "optimizer": lead.tied[0]}
    if len(lead.tied) > 1:
        pieces = ("", names(lead.tied), " tie: each hit ", share(score), f" of the targets.{excluded_note}")
        return Claim(pieces, RANKING, importance=90, keys=keys, strength="none")
    leader, second = ranks[0], ranks[1]
    is_shown = lead.strength in ("strong", "moderate")
    pieces = (
        "",
        f"{shorten(leader.optimizer)} {'leads' if is_shown else 'hit the most targets in these runs'}",
        ": it hit " if is_shown else ": ",
        share(score),
        f" of the targets, {shorten(second.optimizer)} {share(second.score)} ({lead.certainty()})."
        f"{lead.others()}{_where(board, leader)}{excluded_note}",
    )
    return Claim(pieces, RANKING, lead.strength, 90, keys)


def _where(board: Leaderboard, leader: Rank) -> str:
    """On how many of the losses with hits no other optimizer has more."""
    if board.loss_count < 2:
        return ""
    with_hits = int((board.hit_rates_by_loss.max(axis=1) > 0).sum())
    where = "every loss" if len(leader.leads) == with_hits else f"{len(leader.leads)} of {count(with_hits, 'loss')}"
    return f" On {where} it hit the most targets, alone or tied."


def _fastest(board: Leaderboard) -> Iterator[Claim]:
    """Who has the highest speed score, if any score is above zero."""
    lead, speed = speed_lead(board), board.speed
    a, b = lead.order[:2]
    if speed[a] == 0:
        return
    keys = {"table": "ranking", "optimizer": board.names[a]}
    if len(lead.tied) > 1:
        pieces = (
            "",
            names(lead.tied),
            f" are equally fast: speed score {number(100 * float(speed[a]), 2)} of 100 each.",
        )
        yield Claim(pieces, RANKING, "none", 70, keys)
        return
    is_shown = lead.strength in ("strong", "moderate")
    scores = f"{number(100 * float(speed[a]), 2)} of 100, {shorten(board.names[b])} {number(100 * float(speed[b]), 2)}"
    pieces = (
        "",
        f"{shorten(board.names[a])} {'is the fastest' if is_shown else 'had the highest speed score in these runs'}",
        f"{' in gradient evaluations: speed score' if is_shown else ':'} {scores} ({lead.certainty()}).{lead.others()}",
    )
    yield Claim(pieces, RANKING, lead.strength, 80 if is_shown else 60, keys)


def _over_losses(board: Leaderboard) -> Iterator[Claim]:
    """Whether speed differs over the losses, if there are enough of them for a test."""
    found = friedman(board.speed_by_loss)
    if found is None:
        yield from _pair_over_losses(board)
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


def _pair_over_losses(board: Leaderboard) -> Iterator[Claim]:
    """Whether one of two optimizers is faster over the losses, if there are enough of them for a test."""
    if len(board.names) != 2 or not is_pair_test_possible(board.loss_count, 2):
        return
    (test,) = wilcoxon_holm(board.speed_by_loss)
    keys, how = {"table": "ranking"}, f"over {board.loss_count} losses (Wilcoxon signed-rank test, p {_p(test.p)})"
    if test.p > 0.05:
        yield Claim(("The difference in speed", " is not significant", f" {how}."), RANKING, "none", 75, keys)
        return
    first, second = board.names if test.effect > 0 else board.names[::-1]
    pieces = ("", f"{shorten(first)} is faster than {shorten(second)}", f" {how}.")
    yield Claim(pieces, RANKING, evidence_strength(True, abs(test.effect)), 75, keys)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {number(value, 2)}"


def losses_needed_note(losses: int, optimizers: int) -> str:
    """Why there is no test over the losses; empty if there is one."""
    if optimizers < 2 or is_pair_test_possible(losses, optimizers):
        return ""
    return (
        f"A significance test over losses needs at least {_losses_needed(optimizers)} losses for "
        f"{count(optimizers, 'optimizer')}. This report has {count(losses, 'loss')}, so its results cover only these "
        "losses."
    )


def _losses_needed(optimizers: int) -> int:
    return next(losses for losses in itertools.count(2) if is_pair_test_possible(losses, optimizers))
