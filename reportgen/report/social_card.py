"""What the picture tells that is shown with a link to the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.analysis.loss_view import LossView
from reportgen.figures.social_card import Bar, draw_card


def social_card(first: dict[str, Any], views: Sequence[LossView]) -> bytes:
    """The picture, as PNG, from what the first page is told."""
    bars = [
        Bar(row.rank.optimizer, row.rank.score, first["looks"][row.rank.optimizer].colour)
        for row in first["standings"]
        if row.compared
    ]
    matrix = first["setup"].partition(": ")[0]
    return draw_card(first["title"], matrix, bars, views)
