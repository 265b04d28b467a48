"""The table of kinds of losses: which ones each optimizer passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.kinds import PASS, KindScores
from reportgen.analysis.number_format import and_list, count, names


@dataclass(frozen=True)
class KindColumn:
    """A kind of losses."""

    name: str
    reason: str
    losses: Sequence[str]


@dataclass(frozen=True)
class KindCell:
    """An optimizer on the losses of a kind."""

    hit_rate: float
    passed: bool
    best: bool
    """Whether no optimizer hits more targets."""


@dataclass(frozen=True)
class KindRow:
    """An optimizer."""

    optimizer: str
    cells: Sequence[KindCell]
    passed: int
    """Number of kinds."""


@dataclass(frozen=True)
class KindTable:
    """Optimizers by kind of loss."""

    heading: str
    columns: Sequence[KindColumn]
    rows: Sequence[KindRow]
    """In the order of the ranking."""
    least: float
    """The share of targets that passes."""


def kind_table(scores: Sequence[KindScores], order: Sequence[str]) -> KindTable | None:
    """The table; None without kinds.

    Args:
        scores: made by ``kind_scores``.
        order: labels in the order of the ranking.
    """
    if not scores:
        return None
    columns = [KindColumn(each.kind.name, each.kind.reason, each.kind.losses) for each in scores]
    rows = [_row(name, scores) for name in order if name in scores[0].hit_rates]
    return KindTable(_heading(rows, [column.name for column in columns]), columns, rows, PASS)


def _row(name: str, scores: Sequence[KindScores]) -> KindRow:
    cells = [
        KindCell(rate, each.passes(name), 0 < rate >= max(each.hit_rates.values()))
        for each in scores
        for rate in (each.hit_rates[name],)
    ]
    return KindRow(name, cells, sum(cell.passed for cell in cells))


def _heading(rows: Sequence[KindRow], kinds: Sequence[str]) -> str:
    most = max(row.passed for row in rows)
    if not most:
        return f"No optimizer passes any of {count(len(kinds), 'kind')} of losses"
    best = [row.optimizer for row in rows if row.passed == most]
    verb = "passes" if len(best) == 1 else "pass"
    hard = [kind for at, kind in enumerate(kinds) if not any(row.cells[at].passed for row in rows)]
    nobody = f"; no optimizer passes {and_list(hard)}" if hard else ""
    return f"{names(best)} {verb} the most kinds of losses: {most} of {len(kinds)}{nobody}"
