"""Every optimizer against the baseline of the config: differences of the scores of the ranking, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import number, span

if TYPE_CHECKING:
    from reportgen.analysis.lead import Lead
    from reportgen.analysis.ranking import Leaderboard


@dataclass(frozen=True)
class Difference:
    """A score of an optimizer minus that of the baseline, in points of 100."""

    points: float
    interval: tuple[float, float] | None
    """95 % interval; None if too little varies."""
    significant: bool
    """Whether one of the two is significantly better, by the rule for leads."""

    def __str__(self) -> str:
        """The difference with its interval: ``+12 (3 to 21)``."""
        text = ("+" if self.points > 0 else "") + number(self.points, 2)
        return f"{text} ({span(self.interval)})" if self.interval else text


@dataclass(frozen=True)
class HeadToHead:
    """An optimizer against the baseline."""

    optimizer: str
    baseline: str
    hits: Difference
    """In targets hit."""
    speed: Difference
    """In the speed score."""
    faster: int
    """Number of losses on which the optimizer has the larger speed score."""
    slower: int
    """Number of losses on which the baseline has."""
    losses: int
    """Number of losses that the ranking compares."""


def head_to_head(board: Leaderboard | None, baseline: str) -> list[HeadToHead]:
    """Every other optimizer of the ranking against ``baseline``, the largest difference in targets hit first.

    Empty if there is no baseline, or if it has no place in the ranking.
    """
    if board is None or baseline not in board.names:
        return []
    from reportgen.analysis.lead import hit_lead, speed_lead  # imports pyarrow, which stored rows do not need

    base = board.names.index(baseline)
    hits, speed, by_loss = hit_lead(board), speed_lead(board), board.speed_by_loss
    rows = [
        HeadToHead(
            optimizer=name,
            baseline=baseline,
            hits=_difference(hits, column, base),
            speed=_difference(speed, column, base),
            faster=int((by_loss[:, column] > by_loss[:, base]).sum()),
            slower=int((by_loss[:, column] < by_loss[:, base]).sum()),
            losses=board.loss_count,
        )
        for column, name in enumerate(board.names)
        if column != base
    ]
    return sorted(rows, key=lambda row: (-row.hits.points, -row.speed.points))


def _difference(lead: Lead, column: int, base: int) -> Difference:
    interval = None
    if lead.resampled:
        low, high = lead.resampled.difference(column, base)
        interval = (100 * low, 100 * high)
    significant = lead.is_significant(column, base) or lead.is_significant(base, column)
    return Difference(round(100 * float(lead.scores[column] - lead.scores[base]), 9), interval, significant)
