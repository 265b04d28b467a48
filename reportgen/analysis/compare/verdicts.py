"""The verdict on each optimizer and loss that both results have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.cells import Array, cell_table, factorize
from reportgen.analysis.compare.effects import RandomUnits, SideRuns, gap_ratios, log2_ratios, paired_measure
from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.compare.model import Measure, Pair, SolvedChange, Thresholds, Verdict
from reportgen.analysis.compare.regressions import count_by_group, no_longer_solved, stopped_being_solved
from reportgen.analysis.outcomes import LOST, SYMBOLS
from reportgen.analysis.runtime_arrays import gradients_per_step, runtime_arrays
from reportgen.results.manifest import ResultsInfo

if TYPE_CHECKING:
    import pandas as pd

EVALUATIONS, GAP = "gradient evaluations", "final gap"
"""What a measure counts."""


@dataclass(frozen=True)
class Criteria:
    """The facts and thresholds on which verdicts depend."""

    infos: tuple[ResultsInfo, ResultsInfo]
    """The facts of base and head."""
    reasons: Mapping[str, str]
    """By loss, why it cannot be compared."""
    thresholds: Thresholds

    @property
    def targets(self) -> list[float]:
        """Shares of the initial gap, the loosest first."""
        return sorted(self.infos[1].targets, reverse=True)

    @property
    def random_starts(self) -> int | None:
        """Starts 1 to this number are random; None if neither side knows."""
        known = (info.random_starts for info in self.infos)
        return min((number for number in known if number is not None), default=None)

    def minimum(self, label: str) -> float | None:
        """The known minimum of a loss: the one in head, otherwise the one in base."""
        losses = (loss for info in reversed(self.infos) for loss in info.losses if loss.label == label)
        return next((loss.minimum for loss in losses if loss.minimum is not None), None)

    def is_noisy(self, label: str) -> bool:
        """Whether the gradients of a loss are random in either result."""
        return any(label in info.noisy_losses for info in self.infos)


def pair_verdicts(matched: MatchedRuns, criteria: Criteria) -> list[Pair]:
    """The verdict on every pair of an optimizer and a loss with a run in both results, the worst first."""
    loss, losses = factorize(matched.base["loss"])
    optimizer, optimizers = factorize(matched.base["optimizer"])
    pair = loss * len(optimizers) + optimizer
    order = np.argsort(pair, kind="stable")
    pairs = [
        _PairJudge(losses[int(loss[rows[0]])], optimizers[int(optimizer[rows[0]])], matched, rows, criteria).pair()
        for rows in np.split(order, np.flatnonzero(np.diff(pair[order])) + 1)
        if len(rows)
    ]
    return sorted(pairs, key=lambda pair: pair.severity)


class _PairJudge:
    """The runs of one pair, and the verdict on them."""

    def __init__(self, loss: str, optimizer: str, matched: MatchedRuns, rows: Array, criteria: Criteria) -> None:
        self._loss, self._optimizer, self._criteria = loss, optimizer, criteria
        self._equal = int(matched.equal[rows].sum())
        self._frames = [side.iloc[rows] for side in (matched.base, matched.head)]

    def pair(self) -> Pair:
        """The pair with its verdict and measures."""
        runs, reason = len(self._frames[0]), self._criteria.reasons.get(self._loss, "")
        pair = Pair(self._loss, self._optimizer, "not comparable" if reason else "same", reason, runs, self._equal)
        if reason:
            return pair
        before, after = (self._best_rate(frame) for frame in self._frames)
        if self._equal == runs:
            return self._with_counts(pair, before, after)
        pair = replace(
            self._at_best_rates(pair, before, after),
            all_rates=self._measure(log2_ratios(*self._sides), self._units, EVALUATIONS),
            no_longer_solved=tuple(self._no_longer_solved(0, 1)),
            newly_solved=tuple(replace(cell, base=cell.head, head=cell.base) for cell in self._no_longer_solved(1, 0)),
        )
        return replace(pair, verdict=_verdict(pair, self._criteria.thresholds))

    def _with_counts(self, pair: Pair, before: float, after: float) -> Pair:
        """The pair with its solved runs at a learning rate of base and one of head."""
        rows = self._rows_at(before, after)
        solved = [(frame["outcome"].iloc[at] == "solved").sum() for frame, at in zip(self._frames, rows, strict=True)]
        return replace(
            pair,
            rates=(before, after),
            solved=(int(solved[0]), int(solved[1])),
            starts=(len(rows[0]), len(rows[1])),
        )

    def _at_best_rates(self, pair: Pair, before: float, after: float) -> Pair:
        """The pair with its measures at the best learning rates.

        The best learning rate may jump: between two that are almost as good, a rounding error may decide, and one of
        them may be three times as fast. So if it moved, a large effect must also show at one of the two learning rates
        in both results. Otherwise both results are compared at the one of base.
        """
        moved = self._with_measures(pair, before, after)
        if before == after or moved.best is None:
            return moved
        at_same_rate = [self._with_measures(pair, rate, rate) for rate in (before, after)]
        thresholds, best = self._criteria.thresholds, moved.best
        is_confirmed = any(
            each.best.is_large(thresholds)
            and each.best.log2 * best.log2 > 0
            and best.sign(thresholds) in (0, each.best.sign(thresholds))
            for each in at_same_rate
            if each.best
        )
        return moved if is_confirmed or not best.is_large(thresholds) else at_same_rate[0]

    def _with_measures(self, pair: Pair, before: float, after: float) -> Pair:
        """The pair with its solved runs and measures at a learning rate of base and one of head."""
        rows = self._rows_at(before, after)
        base, head = (side.at(at) for side, at in zip(self._sides, rows, strict=True))
        units, ratios = self._units.at(rows[1]), log2_ratios(base, head)
        return replace(
            self._with_counts(pair, before, after),
            best=self._measure(ratios, units, EVALUATIONS) or self._gap_measure(base, head, units),
            targets={
                target: measure
                for place, target in enumerate(self._criteria.targets)
                if (measure := self._measure(ratios[:, place], units, EVALUATIONS))
            },
        )

    @cached_property
    def _sides(self) -> list[SideRuns]:
        return [
            _side_runs(frame, info.steps, self._criteria.targets, self._criteria.minimum(self._loss))
            for frame, info in zip(self._frames, self._criteria.infos, strict=True)
        ]

    @cached_property
    def _units(self) -> RandomUnits:
        start, seed = (self._frames[1][name].to_numpy(int) for name in ("start", "seed"))
        most = self._criteria.random_starts
        drawn = (start >= 1) & (start <= (start.max() if most is None else most))
        if len(np.unique(start[drawn])) < 2 and self._criteria.is_noisy(self._loss):
            return RandomUnits(seed, np.ones(len(seed), bool))
        return RandomUnits(start, drawn)

    def _best_rate(self, frame: pd.DataFrame) -> float:
        """The best learning rate by the rule of the report, among the runs in both results."""
        cells = cell_table(frame, self._criteria.targets, [self._loss], [self._optimizer])
        return float(best_cells(cells)["learning_rate"].iloc[0])

    def _rows_at(self, before: float, after: float) -> list[Array]:
        """The rows of the runs at a learning rate of base and at one of head, from the same starts in equal order."""
        rows = []
        for frame, rate in zip(self._frames, (before, after), strict=True):
            at = np.flatnonzero(frame["learning_rate"].to_numpy() == rate)
            rows.append(at[np.lexsort([frame[name].to_numpy(int)[at] for name in ("seed", "start")])])
        keys = [self._frames[0][["start", "seed"]].to_numpy(int)[at] for at in rows]
        if np.array_equal(keys[0], keys[1]):
            return rows
        # The two learning rates were tried from different starts: only the common ones count.
        starts = [list(map(tuple, each.tolist())) for each in keys]
        common = set(starts[0]) & set(starts[1])
        return [at[[start in common for start in each]] for at, each in zip(rows, starts, strict=True)]

    def _measure(self, ratios: Array, units: RandomUnits, noun: str) -> Measure | None:
        return paired_measure(ratios, units, noun, self._criteria.thresholds.confidence)

    def _gap_measure(self, base: SideRuns, head: SideRuns, units: RandomUnits) -> Measure | None:
        """The measure of the final gaps, for runs without any hit."""
        floor = np.full(len(base.gap), self._tightest_gap())
        return self._measure(gap_ratios(base, head, floor), units, GAP)

    def _tightest_gap(self) -> float:
        """The gap of the tightest target from the median start: smaller gaps are no advantage."""
        minimum = self._criteria.minimum(self._loss)
        gaps = self._frames[1]["initial_loss"].to_numpy(float, na_value=np.nan) - (minimum or 0.0)
        finite = gaps[np.isfinite(gaps)]
        return self._criteria.targets[-1] * abs(float(np.median(finite))) if len(finite) else 0.0

    def _no_longer_solved(self, first: int, second: int) -> Iterator[SolvedChange]:
        """The configurations that are solved in side ``first`` and not in side ``second``."""
        base, head, thresholds = self._sides[first], self._sides[second], self._criteria.thresholds
        rates, group = np.unique(self._frames[0]["learning_rate"].to_numpy(float), return_inverse=True)
        tightest = self._criteria.targets[-1]
        flags = [
            np.ones(len(group), bool),
            base.solved,
            head.solved,
            no_longer_solved(base, head, tightest, thresholds),
            no_longer_solved(head, base, tightest, thresholds),
            (self._frames[second]["outcome"] == "failed").to_numpy(bool),
        ]
        counts = [count_by_group(each, group, len(rates)).tolist() for each in flags]
        for place, (runs, before, after, lost, gained, failed) in enumerate(zip(*counts, strict=True)):
            # If all runs fail, the change is not chance, however few were solved before.
            if stopped_being_solved(before, lost, gained, runs, thresholds) or (before and failed == runs):
                outcomes = self._frames[1].loc[group == place, "outcome"].astype(str).value_counts()
                head_outcomes = {name: int(outcomes[name]) for name in SYMBOLS if name in outcomes.index}
                yield SolvedChange(float(rates[place]), runs, before, after, head_outcomes)


def _side_runs(frame: pd.DataFrame, steps: int, targets: Sequence[float], minimum: float | None) -> SideRuns:
    """The runs of one side as arrays."""
    t, _ = runtime_arrays(frame, targets, steps, "gradient_evaluations")
    code, names = factorize(frame["outcome"])
    outcome = np.array(names)[code]
    initial, smallest, gap = (
        frame[name].to_numpy(float, na_value=np.nan) for name in ("initial_loss", "best_loss", "gap")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        relative_gap = (smallest - (minimum or 0.0)) / (initial - (minimum or 0.0))
    return SideRuns(
        t=t,
        budget=steps * gradients_per_step(frame),
        relative_gap=relative_gap,
        gap=np.where(np.isnan(gap), np.inf, gap),
        lost=np.isin(outcome, LOST),
        solved=outcome == "solved",
    )


def _verdict(pair: Pair, thresholds: Thresholds) -> Verdict:
    signs = {measure.sign(thresholds) for measure in pair.measures}
    worse, better = -1 in signs or bool(pair.no_longer_solved), 1 in signs or bool(pair.newly_solved)
    if worse or better:
        return "mixed" if worse and better else "worse" if worse else "better"
    return "unclear" if any(measure.is_large(thresholds) for measure in pair.measures) else "same"
