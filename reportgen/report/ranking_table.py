"""The ranking as the front page shows it: each optimizer's place, its scores and their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen.analysis.number_format import count, names, share
from reportgen.analysis.ranking import Leaderboard, Rank
from reportgen.analysis.ranking_findings import losses_needed_note
from reportgen.analysis.significance import is_pair_test_possible, wilcoxon_holm

Span = tuple[float, float]
MOST_PAIRS = 50
"""Rows of the table of pairs."""


@dataclass(frozen=True)
class RankingRow:
    """One row of the ranking."""

    rank: Rank
    compared: bool
    """Whether it has a place. Reference optimizers, and those that did not run on every loss, have none."""
    interval: Span | None
    """95 % interval of the hit rate; None if nothing random varies."""
    speed: float | None
    """Speed score; None without a place."""
    speed_interval: Span | None
    mean_rank: float | None


def ranking_rows(ranks: Sequence[Rank], board: Leaderboard | None) -> Iterator[RankingRow]:
    """The rows, in the order of ``ranks``.

    Args:
        ranks: the ranking.
        board: the leaderboard of the optimizers with a place; None without one.
    """
    places = {name: place for place, name in enumerate(board.names)} if board else {}
    hits, speed = (
        resampled.intervals().tolist() if resampled else None
        for resampled in ((board.resampled_hit_rates, board.resampled_speed) if board else (None, None))
    )
    for rank in ranks:
        at = places.get(rank.optimizer)
        if board is None or at is None:
            yield RankingRow(rank, False, None, None, None, None)
            continue
        yield RankingRow(
            rank,
            True,
            tuple(hits[at]) if hits else None,
            float(board.speed[at]),
            tuple(speed[at]) if speed else None,
            float(board.mean_ranks[at]),
        )


def ranking_limitations(board: Leaderboard | None, *, tuned: bool) -> list[str]:
    """What the ranking cannot show, in sentences; ``tuned``: whether these are the trials of tuning."""
    if board is None:
        return []
    draws = count(board.draws, board.draw_noun)
    if not board.has_intervals:
        found = [f"There are no intervals: {why_no_intervals(board)}. The ranking holds for these starts only."]
    else:
        found = [
            f"The 95 % intervals (bootstrap, widened to a score interval) show how much the results could change with "
            f"other random starts or seeds (this report has {draws}), which would also choose other learning rates. "
            "They say nothing about other losses or learning rates that were not tried."
        ]
    if tuned:
        found.append(
            "The intervals include that other trials could have been drawn from the same ranges. "
            "They say nothing about other ranges."
        )
    if board.optimistic_losses:
        found.append(
            f"On {names(board.optimistic_losses)} there is a single start: the learning rate is chosen and judged on "
            "it. This is optimistic, most of all for optimizers with many good learning rates."
        )
    if board.free_hits > 0:
        found.append(
            f"{share(board.free_hits)} of the (start, target) pairs are hit at step 0: the start is already within the "
            "target. These hits show no progress of an optimizer."
        )
    if len(board.names) > 2:
        found.append(
            "Speed is relative to the fastest optimizer for each loss, start and target, so scores and places depend "
            "on which optimizers take part (Gould and Scott 2016)."
        )
    note = losses_needed_note(board.loss_count, len(board.names))
    return [*found, note] if note else found


def why_no_intervals(board: Leaderboard) -> str:
    """Why there are too few random draws for intervals."""
    return f"{count(board.draws, board.draw_noun)} are too few" if board.draws > 1 else "nothing random varies"


@dataclass(frozen=True)
class PairRow:
    """The test of two optimizers over the losses."""

    better: str
    """The optimizer that is faster on more losses, or by more."""
    worse: str
    wins: int
    ties: int
    losses: int
    """Losses on which the better one is faster, equally fast, slower."""
    effect: float
    """Rank-biserial correlation, 0 to 1."""
    p: float
    """Of the signed-rank test, with Holm's correction for all pairs."""


def pair_rows(board: Leaderboard | None) -> list[PairRow]:
    """The tests of all pairs of optimizers over the losses, the smallest p first; empty with too few losses."""
    if board is None or not is_pair_test_possible(board.loss_count, len(board.names)):
        return []
    rows = []
    for test in wilcoxon_holm(board.speed_by_loss):
        order = (test.first, test.second) if test.effect >= 0 else (test.second, test.first)
        wins, losses = (test.better, test.worse) if test.effect >= 0 else (test.worse, test.better)
        better, worse = (board.names[column] for column in order)
        rows.append(PairRow(better, worse, wins, test.equal, losses, abs(test.effect), test.adjusted_p))
    return sorted(rows, key=lambda row: (row.p, -row.effect))[:MOST_PAIRS]
