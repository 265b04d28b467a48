"""The result of a comparison: its numbers, its verdicts, and the thresholds behind them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, get_args

from reportgen.analysis.cells import Array
from reportgen.analysis.outcomes import LOST
from reportgen.results.manifest import ResultsInfo

Verdict = Literal["worse", "mixed", "unclear", "better", "same", "not comparable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""In the order in which they are shown, the most urgent first."""

MEANINGS: dict[Verdict, str] = {
    "worse": "a measure is significantly worse, by at least the minimum effect, or a configuration is no longer "
    "solved; nothing is better",
    "mixed": "something is worse, and something is better",
    "unclear": "a measure differs by the minimum effect or more, but not significantly with these starts",
    "better": "a measure is significantly better, by at least the minimum effect, or a configuration is newly solved; "
    "nothing is worse",
    "same": "bitwise identical, or the median difference is below the minimum effect",
    "not comparable": "the settings or the loss differ between base and head, or the loss has no known minimum; see "
    "the reason",
}

MOST_LOG2 = 2.0
"""Ratios are clipped at 2**2: more than 4 times as slow counts as not solved (Dahl et al. 2023)."""


@dataclass(frozen=True)
class Thresholds:
    """When a difference counts."""

    effect: float = 1.1
    """The minimum effect: a ratio above 1."""
    confidence: float = 0.95
    """Confidence of the interval of the ratio, which must exclude 1."""

    @property
    def log2(self) -> float:
        """The minimum effect on the scale of ``Measure.log2``."""
        return math.log2(self.effect)


@dataclass(frozen=True)
class Measure:
    """One measure of a pair: the median over the random starts of log2(base / head)."""

    log2: float
    """Positive if head is better; from -``MOST_LOG2`` to ``MOST_LOG2``."""
    interval: tuple[float, float] | None
    """Interval of ``log2``; None if there are too few random draws for the confidence."""
    draws: int
    """Random starts (or seeds) with a ratio."""
    noun: str
    """What is measured: ``gradient evaluations`` or ``final gap``."""

    @property
    def ratio(self) -> float:
        """Head divided by base; above 1 head is worse."""
        return float(2.0**-self.log2)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """The interval of ``ratio``."""
        return None if self.interval is None else (2.0 ** -self.interval[1], 2.0 ** -self.interval[0])

    def is_large(self, thresholds: Thresholds) -> bool:
        """Whether the effect is at least the minimum effect."""
        return abs(self.log2) >= thresholds.log2

    def sign(self, thresholds: Thresholds) -> int:
        """-1 if head is worse, 1 if it is better, 0 if the effect is small or not significant."""
        if self.interval is None or not self.is_large(thresholds) or self.interval[0] <= 0 <= self.interval[1]:
            return 0
        return 1 if self.log2 > 0 else -1


@dataclass(frozen=True)
class SolvedChange:
    """A configuration that is no longer solved, or newly solved."""

    learning_rate: float
    runs: int
    base: int
    """Runs solved in base."""
    head: int
    """Runs solved in head."""
    head_outcomes: dict[str, int]
    """Head's runs by outcome."""


@dataclass(frozen=True)
class Pair:
    """One optimizer on one loss, in both results."""

    loss: str
    optimizer: str
    verdict: Verdict
    reason: str
    """Why it cannot be compared; empty if it can."""
    runs: int
    """Runs in both results."""
    equal: int
    """Of these, the runs that are bitwise identical."""
    rates: tuple[float, float] | None = None
    """The best learning rate in base and in head."""
    best: Measure | None = None
    """Each side at its best learning rate; None without any hit or gap."""
    all_rates: Measure | None = None
    """At equal learning rates, over all at which either side hit a target."""
    targets: dict[float, Measure] = field(default_factory=dict)
    """``best`` for each target alone."""
    solved: tuple[int, int] = (0, 0)
    """Runs solved at the best learning rate, in base and in head."""
    starts: tuple[int, int] = (0, 0)
    """All runs at the best learning rate, in base and in head."""
    no_longer_solved: tuple[SolvedChange, ...] = ()
    newly_solved: tuple[SolvedChange, ...] = ()

    @property
    def measures(self) -> list[Measure]:
        """The measures that exist."""
        return [measure for measure in (self.best, self.all_rates) if measure is not None]

    @property
    def figure_rates(self) -> tuple[float, float]:
        """The learning rates of the figures: the one with the most runs no longer solved, otherwise the best ones."""
        if self.no_longer_solved:
            most = max(self.no_longer_solved, key=lambda cell: cell.base - cell.head)
            return most.learning_rate, most.learning_rate
        return self.rates or (math.nan, math.nan)

    @property
    def severity(self) -> tuple[int, int, int, float]:
        """Sorts the worst first: diverged or failed runs, then configurations no longer solved, then slower ones."""
        outcomes = [cell.head_outcomes for cell in self.no_longer_solved]
        lost = sum(counts.get(outcome, 0) for counts in outcomes for outcome in LOST)
        least = min((measure.log2 for measure in self.measures), default=0.0)
        return VERDICTS.index(self.verdict), -lost, -len(self.no_longer_solved), least


@dataclass(frozen=True)
class Cells:
    """Numbers of configurations by kind of change."""

    unchanged: int
    changed: int
    added: int
    removed: int
    not_comparable: int


@dataclass(frozen=True)
class Side:
    """One of the two results."""

    name: str
    runs: int
    info: ResultsInfo


@dataclass(frozen=True)
class Comparison:
    """What changed between two results."""

    base: Side
    head: Side
    thresholds: Thresholds
    reasons: tuple[str, ...]
    """Why nothing can be compared; empty if something can."""
    notes: tuple[str, ...]
    """What else differs: versions, devices, hyperparameters, starts."""
    cells: Cells
    matched: int
    """Runs in both results."""
    equal: int
    """Of these, the runs that are bitwise identical."""
    added: dict[tuple[str, str], list[float]]
    """Learning rates of the configurations in head only, by loss and optimizer."""
    removed: dict[tuple[str, str], list[float]]
    """The same for base."""
    transitions: Array
    """Comparable runs by outcome, int [base, head], in the order of ``SYMBOLS``."""
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
        """The pairs that fail the regression gate, the worst first."""
        return [pair for pair in self.pairs if pair.verdict in ("worse", "mixed")]
