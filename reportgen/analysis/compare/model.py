"""The result of a comparison: its numbers, its verdicts, and the thresholds behind them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.units import UnitNoun
from reportgen.results.results_info import ResultsInfo

Verdict = Literal["worse", "mixed", "unclear", "better", "same", "not comparable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""In the order in which they are shown, the most urgent first."""

MEANINGS: dict[Verdict, str] = {
    "worse": "gradient evaluations or solved runs are significantly worse, by at least the minimum effect, or all runs "
    "of a configuration failed only in head; nothing is better",
    "mixed": "something is worse, and something is better",
    "unclear": "neither a difference nor its absence is shown with these starts",
    "better": "the reverse of worse",
    "same": "bitwise identical, or shown to differ by less than the minimum effect",
    "not comparable": "the settings, the starts or the loss differ between base and head, or the loss has no known "
    "minimum; see the reason",
}

CORRECTION = "Benjamini-Hochberg over the losses, Westfall-Young over all tests"
"""How p is corrected for the number of tests."""

MOST_LOG2 = 2.0
"""Ratios are clipped at 2**2: more than 4 times as slow counts as not solved (Dahl et al. 2023)."""


@dataclass(frozen=True)
class Thresholds:
    """When a difference counts."""

    effect: float = 1.1
    """The minimum effect: a ratio above 1."""
    confidence: float = 0.95
    solved: float = 0.1
    """The minimum effect on solved runs: this share of them."""

    @property
    def level(self) -> float:
        """The error rate: how often an optimizer is called worse if all differences are chance. The same for better."""
        return round(1 - self.confidence, 12)

    @property
    def log2(self) -> float:
        """The minimum effect on the scale of ``Measure.log2``."""
        return math.log2(self.effect)


@dataclass(frozen=True)
class Measure:
    """A mean of log2(base / head)."""

    log2: float
    """Positive if head is better; from -``MOST_LOG2`` to ``MOST_LOG2``."""
    interval: tuple[float, float] | None
    """Each end has the error rate ``Thresholds.level``; None with too few units, and at the best learning rates."""

    @property
    def ratio(self) -> float:
        """Head divided by base; above 1 head is worse."""
        return float(2.0**-self.log2)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """The interval of ``ratio``."""
        return None if self.interval is None else (2.0 ** -self.interval[1], 2.0 ** -self.interval[0])


@dataclass(frozen=True)
class FlipTest:
    """One-sided sign-flip tests of a quantity of a pair, or of an optimizer over its losses."""

    size: tuple[float, float]
    """How much worse head is by this quantity, and how much better. 0 or less: not at all."""
    least: float
    """The minimum effect on the scale of ``size``."""
    p: tuple[float, float]
    """p that head is worse, and that it is better, corrected for all tests of the optimizer."""
    level: float

    @property
    def is_worse(self) -> bool:
        """Whether head is significantly worse, by at least the minimum effect."""
        return self.p[0] <= self.level and self.size[0] >= self.least

    @property
    def is_better(self) -> bool:
        """The same for better."""
        return self.p[1] <= self.level and self.size[1] >= self.least


@dataclass(frozen=True)
class Pool:
    """One optimizer over all losses on which its runs changed."""

    optimizer: str
    slower: Measure
    """Mean of the effects on the losses on which head is slower."""
    faster: Measure
    """The same for faster."""
    losses: tuple[int, int]
    """The numbers of these losses."""
    test: FlipTest

    @property
    def verdict(self) -> Verdict:
        """A pool cannot be ``same``."""
        if self.test.is_worse:
            return "mixed" if self.test.is_better else "worse"
        return "better" if self.test.is_better else "unclear"


@dataclass(frozen=True)
class BestRates:
    """Each side at its own best learning rate. This only describes: it decides no verdict."""

    rates: tuple[float, float]
    """In base and in head."""
    solved: tuple[int, int]
    """Runs solved there, in base and in head."""
    runs: tuple[int, int]
    """All runs there."""
    measure: Measure | None = None
    """Head against base; None if all runs of the pair are bitwise identical, or without any hit or gap."""


@dataclass(frozen=True)
class Evidence:
    """What the verdict on a pair with changed runs rests on, at equal learning rates."""

    effect: Measure
    evaluations: FlipTest
    solved_runs: FlipTest
    solved: tuple[int, int]
    """Runs solved in base and in head."""
    solved_in_one: int
    """Runs solved in one of them only."""
    units: int
    """The starts, or the seeds, each with all its runs."""
    noun: UnitNoun
    failed: tuple[float, ...] = ()
    """Learning rates at which all runs of head failed, and not all runs of base."""
    repaired: tuple[float, ...] = ()
    """The reverse."""
    changed_rate: float = math.nan
    """The learning rate with the largest effect, in the direction of the mean."""


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
    best: BestRates | None = None
    """None if it cannot be compared."""
    evidence: Evidence | None = None
    """None if nothing changed or it cannot be compared."""

    @property
    def changed_rate(self) -> float:
        """The learning rate with the largest effect, which figures show."""
        return self.evidence.changed_rate if self.evidence else math.nan

    @property
    def severity(self) -> tuple[int, int, float]:
        """Sorts the worst first: failed configurations, then slower ones."""
        failed, least = (len(self.evidence.failed), self.evidence.effect.log2) if self.evidence else (0, 0.0)
        return VERDICTS.index(self.verdict), -failed, least


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
    refused: bool
    """Whether that is because most runs have no counterpart."""
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
    pools: list[Pool]
    """One for each optimizer with changed runs on several losses."""
    tests: int
    """Tests that head is worse; there are as many that it is better."""

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
    def regressions(self) -> list[Pair | Pool]:
        """What fails the regression gate, the worst first. A pool is among it only if no pair of its optimizer is."""
        pairs = [pair for pair in self.pairs if pair.verdict in ("worse", "mixed")]
        known = {pair.optimizer for pair in pairs}
        pools = [pool for pool in self.pools if pool.verdict in ("worse", "mixed") and pool.optimizer not in known]
        return [*pairs, *pools]
