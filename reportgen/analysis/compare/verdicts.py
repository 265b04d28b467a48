"""The verdict on each optimizer and loss that both results have, and on each optimizer over all losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.cells import factorize
from reportgen.analysis.compare.gate_tests import OptimizerTests, optimizer_tests
from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.compare.model import Evidence, FlipTest, Measure, Pair, Pool, Thresholds, Verdict
from reportgen.analysis.compare.pair_runs import PairRuns
from reportgen.analysis.compare.units import PairUnits
from reportgen.analysis.sign_flips import mean_interval
from reportgen.results.results_info import ResultsInfo


@dataclass(frozen=True)
class Verdicts:
    """All verdicts of a comparison."""

    pairs: list[Pair]
    """The worst first."""
    pools: list[Pool]
    tests: int
    """Tests in each direction."""


def all_verdicts(
    matched: MatchedRuns, infos: tuple[ResultsInfo, ResultsInfo], reasons: Mapping[str, str], thresholds: Thresholds
) -> Verdicts:
    """The verdict on every optimizer and loss with a run in both results, and on every optimizer.

    Args:
        matched: the runs of both results.
        infos: the facts of base and head.
        reasons: by loss, why it cannot be compared.
        thresholds: when a difference counts.
    """
    optimizers: dict[str, list[PairRuns]] = {}
    pairs: list[Pair] = []
    pools: list[Pool] = []
    tests = 0
    for runs in _pairs(matched, infos):
        if runs.loss in reasons:
            pairs.append(_pair(runs, "not comparable", reasons[runs.loss]))
        elif runs.equal.all():
            pairs.append(replace(_pair(runs, "same"), best=runs.best_rates()))
        else:
            optimizers.setdefault(runs.optimizer, []).append(runs)
    for optimizer, changed in optimizers.items():
        judged = _Judged(optimizer, changed, [runs.units() for runs in changed], thresholds)
        pairs += judged.pairs()
        pools += judged.pools()
        tests += judged.tests.tests
    return Verdicts(sorted(pairs, key=lambda pair: pair.severity), pools, tests)


def _pairs(matched: MatchedRuns, infos: tuple[ResultsInfo, ResultsInfo]) -> Iterator[PairRuns]:
    loss, losses = factorize(matched.base["loss"])
    optimizer, optimizers = factorize(matched.base["optimizer"])
    pair = loss * len(optimizers) + optimizer
    order = np.argsort(pair, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(pair[order])) + 1):
        if len(rows):
            names = losses[int(loss[rows[0]])], optimizers[int(optimizer[rows[0]])]
            frames = matched.base.iloc[rows], matched.head.iloc[rows]
            yield PairRuns(*names, frames, matched.equal[rows], infos)


def _pair(runs: PairRuns, verdict: Verdict, reason: str = "") -> Pair:
    return Pair(runs.loss, runs.optimizer, verdict, reason, len(runs.equal), int(runs.equal.sum()))


class _Judged:
    """The losses on which one optimizer changed, with their tests."""

    def __init__(
        self, optimizer: str, runs: Sequence[PairRuns], units: Sequence[PairUnits], thresholds: Thresholds
    ) -> None:
        self._optimizer, self._runs, self._units, self._thresholds = optimizer, runs, units, thresholds
        self.tests: OptimizerTests = optimizer_tests(units, thresholds)

    def pairs(self) -> Iterator[Pair]:
        """Each loss with its verdict."""
        for runs, units, tests in zip(self._runs, self._units, self.tests.pairs, strict=True):
            evidence = self._evidence(runs, units, *tests)
            pair = replace(_pair(runs, _verdict(evidence, self._thresholds)), evidence=evidence)
            yield replace(pair, best=runs.best_rates(compare=True))

    def _evidence(self, runs: PairRuns, units: PairUnits, evaluations: FlipTest, solved_runs: FlipTest) -> Evidence:
        base, head = runs.sides
        failed, repaired = runs.failed_rates()
        return Evidence(
            effect=Measure(units.size, mean_interval(units.effect, self._thresholds.level)),
            evaluations=evaluations,
            solved_runs=solved_runs,
            solved=(int(base.solved.sum()), int(head.solved.sum())),
            solved_in_one=int((base.solved != head.solved).sum()),
            units=len(units.number),
            noun=units.noun,
            failed=failed,
            repaired=repaired,
            changed_rate=runs.changed_rate(),
        )

    def pools(self) -> Iterator[Pool]:
        """The optimizer over all these losses, if there are several."""
        if self.tests.pool:
            slower, faster = self.tests.pool.size
            sizes = [each.size for each in self._units]
            losses = sum(size < 0 for size in sizes), sum(size > 0 for size in sizes)
            yield Pool(self._optimizer, Measure(-slower, None), Measure(faster, None), losses, self.tests.pool)


def _verdict(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    tests = (evidence.evaluations, evidence.solved_runs)
    worse = any(test.is_worse for test in tests) or bool(evidence.failed)
    better = any(test.is_better for test in tests) or bool(evidence.repaired)
    if worse or better:
        return "mixed" if worse and better else "worse" if worse else "better"
    return "same" if _is_same(evidence, thresholds) else "unclear"


def _is_same(evidence: Evidence, thresholds: Thresholds) -> bool:
    """Whether the effect is shown to be small: two one-sided tests against the minimum effect (Schuirmann 1987).

    Both are significant if the interval lies inside the minimum effect.
    """
    if evidence.effect.interval is None:
        return False
    low, high = evidence.effect.interval
    few_changed = evidence.solved_in_one <= thresholds.solved * max(evidence.solved)
    return -thresholds.log2 < low and high < thresholds.log2 and few_changed
