"""The ranking as the front page shows it: each optimizer's place with what is known of it, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen.analysis.leaderboard import Leaderboard
from reportgen.analysis.number_format import count
from reportgen.analysis.ranking import Rank
from reportgen.analysis.ranking_findings import losses_needed_note

Span = tuple[float, float]


@dataclass(frozen=True)
class RankingRow:
    """One row of the ranking."""

    rank: Rank
    compared: bool
    """Whether it has a place: reference lines, and what could not run on every loss, have none."""
    interval: Span | None
    """Of the share reached, had other starts been drawn; None where nothing random varies."""
    speed: float | None
    """The speed score; None for a reference line, which is in no comparison."""
    speed_interval: Span | None
    mean_rank: float | None


def ranking_rows(ranks: Sequence[Rank], held: Leaderboard | None) -> Iterator[RankingRow]:
    """The rows, in the order of ``ranks``."""
    places = {name: place for place, name in enumerate(held.names)} if held else {}
    reached, speed = (
        resampled.intervals().tolist() if resampled else None
        for resampled in ((held.other_reached, held.other_speed) if held else (None, None))
    )
    for rank in ranks:
        at = places.get(rank.optimizer)
        if held is None or at is None:
            yield RankingRow(rank, False, None, None, None, None)
            continue
        yield RankingRow(
            rank,
            True,
            tuple(reached[at]) if reached else None,
            float(held.speed[at]),
            tuple(speed[at]) if speed else None,
            float(held.mean_ranks[at]),
        )


def ranking_limitations(held: Leaderboard | None) -> list[str]:
    """What the ranking cannot say, in sentences."""
    if held is None:
        return []
    told = []
    drawn = count(held.random, held.unit_noun)
    if held.other_reached is None:
        few = f"{drawn} are too few for" if held.random > 1 else "Nothing random varies for"
        told.append(f"{few} intervals: what is said holds for these starts alone.")
    else:
        told.append(f"Intervals (95 %, bootstrap) are for others in place of {drawn}, on these losses, at these rates.")
    told.append(
        "The rate is chosen on the starts on which it is judged, and not anew for each interval: that flatters most "
        "who has many good rates."
    )
    if len(held.names) > 2:
        told.append(
            "Speed is relative to the fastest on each problem, so scores and places depend on who else takes part "
            "(Gould and Scott 2016)."
        )
    few = losses_needed_note(held.losses, len(held.names))
    return [*told, few] if few else told
