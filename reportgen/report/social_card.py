"""The picture that is shown with a link to the report."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.loss_view import LossView
from reportgen.figures.social_card import Bar, draw_card
from reportgen.report.page_types import IndexPage


def social_card(index: IndexPage, views: Sequence[LossView]) -> bytes:
    """The picture as PNG, from the contents of the first page."""
    bars = [
        Bar(row.rank.optimizer, row.rank.score, index.report.series[row.rank.optimizer].colour)
        for row in index.ranking
        if row.compared
    ]
    return draw_card(index.report.title, index.matrix, bars, views)
