"""The verdict on each optimizer and loss that both results have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.cells import Array, cell_table, factorize
from reportgen.analysis.compare.effects import RandomUnits, SideRuns, gap_ratios, log2_ratios, paired_view
from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.compare.model import Pair, SolvedChange, Thresholds, Verdict, View
from reportgen.analysis.compare.regressions import count_by_group, no_longer_solved, stopped_being_solved
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.analysis.ranking import best_cells
from reportgen.analysis.runtimes import gradients_per_step, runtime_arrays
from reportgen.results.result_tables import Results

if TYPE_CHECKING:
    import pandas as pd

EVALUATIONS, GAP = "gradient evaluations", "final gap"


@dataclass(frozen=True)
class Question:
    """What a pair's runs are judged by."""

    manifests: tuple[dict[str, Any], dict[str, Any]]
    """Of base and of head."""
    reasons: Mapping[str, str]
    """By loss, why it cannot be compared."""
    asked: Thresholds

    @property
    def targets(self) -> list[float]:
        """The loosest first."""
        return sorted(self.manifests[1]["targets"], reverse=True)

    @property
    def drawn(self) -> int | None:
        """How many starts from number 1 on are random; None where neither side tells."""
        told = [each["config"]["starts"]["random"] for each in self.manifests]
        return min((number for number in told if number is not None), default=None)

    def fact(self, label: str, key: str) -> Any:
        """What head, or else base, says of a loss."""
        for manifest in reversed(self.manifests):
            for fact in manifest["losses"]:
                if fact["label"] == label and fact.get(key) is not None:
                    return fact[key]
        return None


def pair_verdicts(matched: MatchedRuns, question: Question) -> list[Pair]:
    """Every pair of optimizer and loss that has a run in both results, the worst first."""
    loss, losses = factorize(matched.base["loss"])
    optimizer, optimizers = factorize(matched.base["optimizer"])
    both = loss * len(optimizers) + optimizer
    order = np.argsort(both, kind="stable")
    found = [
        _PairJudge(losses[int(loss[rows[0]])], optimizers[int(optimizer[rows[0]])], matched, rows, question).pair()
        for rows in np.split(order, np.flatnonzero(np.diff(both[order])) + 1)
        if len(rows)
    ]
    return sorted(found, key=lambda pair: pair.severity)


class _PairJudge:
    """The runs of one pair."""

    def __init__(self, loss: str, optimizer: str, matched: MatchedRuns, rows: Array, question: Question) -> None:
        self._loss, self._optimizer, self._question = loss, optimizer, question
        self._equal = int(matched.equal[rows].sum())
        self._frames = [side.iloc[rows] for side in (matched.base, matched.head)]

    def pair(self) -> Pair:
        """The verdict with all that it rests on."""
        runs, reason = len(self._frames[0]), self._question.reasons.get(self._loss, "")
        blank = Pair(self._loss, self._optimizer, "not comparable" if reason else "same", reason, runs, self._equal)
        if reason:
            return blank
        was, now = (self._top(frame) for frame in self._frames)
        if self._equal == runs:
            return self._at(blank, was, now)
        told = replace(
            self._steady(blank, was, now),
            all_rates=self._view(log2_ratios(*self._sides), self._units, EVALUATIONS),
            stopped=tuple(self._stopped(0, 1)),
            started=tuple(replace(cell, base=cell.head, head=cell.base) for cell in self._stopped(1, 0)),
        )
        return replace(told, verdict=_verdict(told, self._question.asked))

    def _at(self, pair: Pair, was: float, now: float) -> Pair:
        """The pair at two rates, with what is counted there."""
        rows = self._rows_at(was, now)
        solved = [
            (frame["outcome"].iloc[here] == "solved").sum() for frame, here in zip(self._frames, rows, strict=True)
        ]
        return replace(
            pair,
            rates=(was, now),
            solved=(int(solved[0]), int(solved[1])),
            starts=(len(rows[0]), len(rows[1])),
        )

    def _steady(self, pair: Pair, was: float, now: float) -> Pair:
        """The pair with its views at the best rates.

        The choice of a rate jumps: of two that are nearly as good a last bit may prefer the other one, which may be
        three times as fast. So where the choice moved, what it changed must also show at one of the two rates by
        itself; else base's is looked at in both.
        """
        moved = self._seen(pair, was, now)
        if was == now or moved.best is None:
            return moved
        alone = [self._seen(pair, one, one) for one in (was, now)]
        asked, cross = self._question.asked, moved.best
        shown = any(
            each.best.large(asked)
            and each.best.log2 * cross.log2 > 0
            and cross.sign(asked) in (0, each.best.sign(asked))
            for each in alone
            if each.best
        )
        return moved if shown or not cross.large(asked) else alone[0]

    def _seen(self, pair: Pair, was: float, now: float) -> Pair:
        """The pair at two rates, with its views there."""
        rows = self._rows_at(was, now)
        base, head = (side.at(here) for side, here in zip(self._sides, rows, strict=True))
        units, ratios = self._units.at(rows[1]), log2_ratios(base, head)
        return replace(
            self._at(pair, was, now),
            best=self._view(ratios, units, EVALUATIONS) or self._gaps(base, head, units),
            targets={
                target: seen
                for place, target in enumerate(self._question.targets)
                if (seen := self._view(ratios[:, place], units, EVALUATIONS))
            },
        )

    @cached_property
    def _sides(self) -> list[SideRuns]:
        return [
            _runs(frame, manifest, self._question, self._question.fact(self._loss, "minimum"))
            for frame, manifest in zip(self._frames, self._question.manifests, strict=True)
        ]

    @cached_property
    def _units(self) -> RandomUnits:
        start, seed = (self._frames[1][name].to_numpy(int) for name in ("start", "seed"))
        most = self._question.drawn
        drawn = (start >= 1) & (start <= (start.max() if most is None else most))
        if len(np.unique(start[drawn])) < 2 and self._question.fact(self._loss, "noise"):
            return RandomUnits(seed, np.ones(len(seed), bool))
        return RandomUnits(start, drawn)

    def _top(self, frame: pd.DataFrame) -> float:
        """The rate of the best cell by the rule of the report, among the runs that both have."""
        import pandas as pd

        told = {"losses": [{"label": self._loss}], "optimizers": [{"label": self._optimizer}]}
        nothing = pd.DataFrame()
        mine = Results(frame, nothing, nothing, nothing, told | {"targets": self._question.targets})
        return float(best_cells(cell_table(mine))["learning_rate"].iloc[0])

    def _rows_at(self, was: float, now: float) -> list[Array]:
        """The places of the runs at a rate of base and at one of head, in the same order of starts."""
        found = []
        for frame, rate in zip(self._frames, (was, now), strict=True):
            here = np.flatnonzero(frame["learning_rate"].to_numpy() == rate)
            found.append(here[np.lexsort([frame[name].to_numpy(int)[here] for name in ("seed", "start")])])
        keys = [self._frames[0][["start", "seed"]].to_numpy(int)[rows] for rows in found]
        if np.array_equal(keys[0], keys[1]):
            return found
        # Two rates that were tried from different starts have some in common.
        named = [list(map(tuple, each.tolist())) for each in keys]
        both = set(named[0]) & set(named[1])
        return [rows[[key in both for key in each]] for rows, each in zip(found, named, strict=True)]

    def _view(self, ratios: Array, units: RandomUnits, noun: str) -> View | None:
        return paired_view(ratios, units, noun, self._question.asked.confidence)

    def _gaps(self, base: SideRuns, head: SideRuns, units: RandomUnits) -> View | None:
        """Where nobody reached a target, how far each came."""
        floor = np.full(len(base.gap), self._tightest_gap())
        return self._view(gap_ratios(base, head, floor), units, GAP)

    def _tightest_gap(self) -> float:
        """The gap of the tightest target from the median start: a smaller one is no merit."""
        minimum = self._question.fact(self._loss, "minimum")
        gaps = self._frames[1]["initial_loss"].to_numpy(float, na_value=np.nan) - (minimum or 0.0)
        known = gaps[np.isfinite(gaps)]
        return self._question.targets[-1] * abs(float(np.median(known))) if len(known) else 0.0

    def _stopped(self, first: int, second: int) -> Iterator[SolvedChange]:
        """The cells that ``first`` solved and ``second`` does not."""
        base, head, asked = self._sides[first], self._sides[second], self._question.asked
        rates, group = np.unique(self._frames[0]["learning_rate"].to_numpy(float), return_inverse=True)
        tightest = self._question.targets[-1]
        flags = [
            np.ones(len(group), bool),
            base.solved,
            head.solved,
            no_longer_solved(base, head, tightest, asked),
            no_longer_solved(head, base, tightest, asked),
            (self._frames[second]["outcome"] == "failed").to_numpy(bool),
        ]
        told = [count_by_group(each, group, len(rates)).tolist() for each in flags]
        for place, (runs, was, now, gone, come, failed) in enumerate(zip(*told, strict=True)):
            # A rule that cannot be run solves nothing by no chance, however little it had solved.
            if stopped_being_solved(was, gone, come, runs, asked) or (was and failed == runs):
                outcomes = self._frames[1].loc[group == place, "outcome"].astype(str).value_counts()
                now_in_head = {name: int(outcomes[name]) for name in SYMBOLS if name in outcomes.index}
                yield SolvedChange(float(rates[place]), runs, was, now, now_in_head)


def _runs(frame: pd.DataFrame, manifest: dict[str, Any], question: Question, minimum: float | None) -> SideRuns:
    """The runs of one side as numbers."""
    import pandas as pd

    nothing = pd.DataFrame()
    told = {"targets": question.targets, "steps": manifest["steps"]}
    t, _ = runtime_arrays(Results(frame, nothing, nothing, nothing, told), "gradient_evaluations")
    code, names = factorize(frame["outcome"])
    outcome = np.array(names)[code]
    initial, least, gap = (
        frame[name].to_numpy(float, na_value=np.nan) for name in ("initial_loss", "best_loss", "gap")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (least - (minimum or 0.0)) / (initial - (minimum or 0.0))
    return SideRuns(
        t=t,
        spent=manifest["steps"] * gradients_per_step(frame),
        left=left,
        gap=np.where(np.isnan(gap), np.inf, gap),
        lost=np.isin(outcome, ["diverged", "failed"]),
        solved=outcome == "solved",
    )


def _verdict(pair: Pair, asked: Thresholds) -> Verdict:
    signs = {view.sign(asked) for view in pair.views}
    worse, better = -1 in signs or bool(pair.stopped), 1 in signs or bool(pair.started)
    if worse or better:
        return "mixed" if worse and better else "worse" if worse else "better"
    return "unclear" if any(paired_view.large(asked) for paired_view in pair.views) else "same"
