"""What a comparison of two results says: its numbers, its verdicts, and the settings they were reached under."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from reportgen.analysis.cells import Array

Verdict = Literal["worse", "mixed", "unclear", "better", "same", "not comparable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""In the order in which they are shown: what needs a look comes first."""

MEANINGS: dict[Verdict, str] = {
    "worse": "worse, by the least effect and with the confidence asked for, or a cell that was solved is not any more",
    "mixed": "better in one way and worse in another",
    "unclear": "differs by more than the least effect, but these starts cannot show it with the confidence asked for",
    "better": "better, by the least effect and with the confidence asked for, or a cell is solved that was not",
    "same": "equal bit by bit, or in the median less apart than the least effect",
    "not comparable": "another question was asked; the reason says which",
}

MOST = 2.0
"""Ratios are told up to 2**2: who takes more than 4 times as long counts as not arriving (Dahl et al. 2023)."""


@dataclass(frozen=True)
class Thresholds:
    """When a difference counts."""

    effect: float = 1.1
    """The least ratio, above 1."""
    confidence: float = 0.95
    """Of the interval of the ratio, which must exclude a tie."""

    @property
    def log2(self) -> float:
        """The least effect as the numbers have it."""
        return math.log2(self.effect)


@dataclass(frozen=True)
class View:
    """One way to look at a pair: the median over the random starts of log2 of base over head."""

    log2: float
    """Positive where head is better; at most ``MOST`` either way."""
    interval: tuple[float, float] | None
    """Of ``log2``; None where too little is random for the confidence asked for."""
    draws: int
    """How many random starts (or seeds) say something."""
    noun: str
    """What is counted: ``gradient evaluations`` or ``gap``."""

    @property
    def ratio(self) -> float:
        """Head over base: above 1 head is worse."""
        return float(2.0**-self.log2)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """The interval of ``ratio``."""
        return None if self.interval is None else (2.0 ** -self.interval[1], 2.0 ** -self.interval[0])

    def large(self, asked: Thresholds) -> bool:
        """Whether the effect is at least what was asked for."""
        return abs(self.log2) >= asked.log2

    def sign(self, asked: Thresholds) -> int:
        """-1 where head is worse, 1 where it is better, 0 where effect and significance do not agree."""
        if self.interval is None or not self.large(asked) or self.interval[0] <= 0 <= self.interval[1]:
            return 0
        return 1 if self.log2 > 0 else -1


@dataclass(frozen=True)
class SolvedChange:
    """A cell that was solved and is not any more, or the reverse."""

    learning_rate: float
    runs: int
    base: int
    """How many runs were solved."""
    head: int
    now: dict[str, int]
    """Head's runs by outcome."""


@dataclass(frozen=True)
class Pair:
    """One optimizer on one loss, in both results."""

    loss: str
    optimizer: str
    verdict: Verdict
    reason: str
    """Why it cannot be compared; empty where it can."""
    runs: int
    """Runs that both results have."""
    equal: int
    """How many of them are equal bit by bit."""
    rates: tuple[float, float] | None = None
    """The best learning rate in base and in head."""
    best: View | None = None
    """Each at its best rate; None where nothing tells."""
    all_rates: View | None = None
    """At equal rates, over all at which either reached something."""
    targets: dict[float, View] = field(default_factory=dict)
    """``best`` for each target by itself."""
    solved: tuple[int, int] = (0, 0)
    """Runs solved at the best rate, of ``starts``."""
    starts: tuple[int, int] = (0, 0)
    stopped: tuple[SolvedChange, ...] = ()
    started: tuple[SolvedChange, ...] = ()

    @property
    def views(self) -> list[View]:
        """Those there are."""
        return [view for view in (self.best, self.all_rates) if view is not None]

    @property
    def shown_rates(self) -> tuple[float, float]:
        """The rates in base and in head that show a change best: where a cell stopped being solved, else the best."""
        if self.stopped:
            most = max(self.stopped, key=lambda cell: cell.base - cell.head)
            return most.learning_rate, most.learning_rate
        return self.rates or (math.nan, math.nan)

    @property
    def severity(self) -> tuple[int, int, int, float]:
        """Sorts the worst first: cells that were solved and are lost, cells that are not solved, then slower ones."""
        lost = sum(cell.now.get(outcome, 0) for cell in self.stopped for outcome in ("diverged", "failed"))
        least = min((view.log2 for view in self.views), default=0.0)
        return VERDICTS.index(self.verdict), -lost, -len(self.stopped), least


@dataclass(frozen=True)
class Cells:
    """How many cells became of which kind."""

    unchanged: int
    changed: int
    added: int
    removed: int
    not_comparable: int


@dataclass(frozen=True)
class Side:
    """One of the two results, as far as it is told."""

    name: str
    runs: int
    facts: dict[str, Any]
    """Its manifest."""


@dataclass(frozen=True)
class Comparison:
    """What changed between two results."""

    base: Side
    head: Side
    asked: Thresholds
    reasons: tuple[str, ...]
    """Why nothing can be compared; empty where something can."""
    notes: tuple[str, ...]
    """What else differs: versions, devices, hyperparameters, starts."""
    cells: Cells
    matched: int
    """Runs that both have."""
    equal: int
    """How many of those are equal bit by bit."""
    added: dict[tuple[str, str], list[float]]
    """Learning rates of the cells that head alone has, by loss and optimizer."""
    removed: dict[tuple[str, str], list[float]]
    transitions: Array
    """Comparable runs by outcome in base and in head, in the order of ``SYMBOLS``."""
    pairs: list[Pair]
    """The worst first."""

    @property
    def identical(self) -> bool:
        """Whether both have the same runs with the same bits."""
        return self.equal == self.matched == self.base.runs == self.head.runs and not self.reasons

    @property
    def counts(self) -> dict[Verdict, int]:
        """Pairs of each verdict."""
        counted = Counter(pair.verdict for pair in self.pairs)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    @property
    def regressions(self) -> list[Pair]:
        """What got worse in some way, and fails a gate: the worst first."""
        return [pair for pair in self.pairs if pair.verdict in ("worse", "mixed")]
