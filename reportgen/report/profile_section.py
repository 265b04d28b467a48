"""What the first page says about the runtime profile: its bands, and the anytime scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.anytime import AnytimeScores
from reportgen.analysis.number_format import names
from reportgen.analysis.ranking import Leaderboard
from reportgen.report.ranking_table import why_no_intervals


@dataclass(frozen=True)
class AnytimeRow:
    """The anytime score of one optimizer."""

    optimizer: str
    score: float
    """0 to 1."""
    interval: tuple[float, float] | None
    """95 % interval; None if too little varies."""


def anytime_rows(labels: Sequence[str], anytime: AnytimeScores | None) -> list[AnytimeRow]:
    """One row per optimizer, the highest score first.

    Args:
        labels: the optimizers.
        anytime: their scores; None without any.
    """
    if anytime is None:
        return []
    ends = None if anytime.intervals is None else anytime.intervals.tolist()
    return [
        AnytimeRow(labels[place], float(anytime.scores[place]), (ends[place][0], ends[place][1]) if ends else None)
        for place in np.argsort(-anytime.scores, kind="stable").tolist()
    ]


def band_note(board: Leaderboard | None, banded: Sequence[str]) -> str:
    """What the bands of the runtime profile are, or why there are none, in one sentence.

    Args:
        board: the leaderboard.
        banded: the optimizers with a band.
    """
    if board is None:
        return ""
    if not board.has_intervals:
        return f"There are no confidence bands: {why_no_intervals(board)}."
    return f"Light areas: pointwise 95 % bands of {names(banded)}, which are valid for one budget at a time."
