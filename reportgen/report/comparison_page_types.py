"""The fields of the template ``compare.html``, see docs/templates.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.page_types import Page, PageFigure

if TYPE_CHECKING:
    from reportgen.analysis.compare.model import Comparison, Pair, Pool, Side, Verdict


@dataclass(frozen=True)
class PairItem:
    """An optimizer on a loss, in both results of a comparison."""

    pair: Pair
    sentence: str
    effect: str
    """Ratio of gradient evaluations at equal learning rates."""
    evidence: str
    """p and the number of starts or seeds."""
    solved: str
    """Solved runs at equal learning rates."""
    rates: str
    """The best learning rates."""
    best: str
    """Ratio at the best learning rates."""
    figures: Sequence[PageFigure] = ()
    missing: str = ""
    """What the figures cannot show."""


@dataclass(frozen=True)
class TransitionCell:
    """Runs with one outcome before and one after."""

    runs: int
    kind: str
    """``kept``, ``worse`` or ``better``."""


@dataclass(frozen=True)
class TransitionTable:
    """Runs by outcome before (rows) and after (columns)."""

    outcomes: Sequence[str]
    rows: Sequence[tuple[str, Sequence[TransitionCell]]]


@dataclass(frozen=True)
class CellGroup:
    """Configurations that only one side has."""

    heading: str
    rates: Mapping[tuple[str, str], Sequence[float]]
    """Learning rates by (loss, optimizer)."""


@dataclass(frozen=True, kw_only=True)
class ComparisonPage(Page):
    """``compare.html``: what changed between two results."""

    headline: str
    """Whether head is better, and where; empty if nothing can be compared or all is identical."""
    overall: Verdict
    """The verdict on head as a whole."""
    summary: str
    comparison: Comparison
    counts: Mapping[Verdict, int]
    symbols: Mapping[Verdict, str]
    changed: Sequence[PairItem]
    """With figures, the worst first."""
    pools: Sequence[tuple[Pool, str]]
    """The optimizers that changed over all losses, and how."""
    pairs: Sequence[PairItem]
    hidden_pairs: int
    not_comparable: Sequence[Pair]
    hidden_not_comparable: int
    transitions: TransitionTable
    rules: Sequence[str]
    """How verdicts are decided, in sentences."""
    sides: Sequence[tuple[str, Side]]
    only_one_side: Sequence[CellGroup]
