"""The runs of one optimizer on one loss in both results, and what a comparison reads from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.cells import Array, cell_table
from reportgen.analysis.compare.effects import SideRuns, run_effects
from reportgen.analysis.compare.model import BestRates, Measure
from reportgen.analysis.compare.units import PairUnits, mean_by, unit_noun
from reportgen.analysis.outcomes import is_lost
from reportgen.analysis.runtime_arrays import gradients_per_step, runtime_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.results.results_info import ResultsInfo


@dataclass(frozen=True)
class PairRuns:
    """The runs of one pair."""

    loss: str
    optimizer: str
    frames: tuple[pd.DataFrame, pd.DataFrame]
    """The same runs in base and in head, row by row."""
    equal: Array
    """Whether a run is bitwise identical, bool [runs]."""
    infos: tuple[ResultsInfo, ResultsInfo]
    """The facts of base and head."""

    @cached_property
    def sides(self) -> tuple[SideRuns, SideRuns]:
        """The runs of base and of head as arrays."""
        base, head = (
            _side_runs(frame, info.steps, self._targets) for frame, info in zip(self.frames, self.infos, strict=True)
        )
        return base, head

    @property
    def _targets(self) -> list[float]:
        """Shares of a gap, the loosest first."""
        return sorted(self.infos[1].targets, reverse=True)

    @cached_property
    def effects(self) -> Array:
        """How much better each run is in head, see ``run_effects``, float [runs]."""
        return run_effects(*self.sides, self._tightest_gap())

    @cached_property
    def _rates(self) -> Array:
        return self.frames[0]["learning_rate"].to_numpy(float)

    def units(self) -> PairUnits:
        """The differences of each start or seed, at equal learning rates."""
        numbers = {name: self.frames[0][name].to_numpy(int) for name in ("start", "seed")}
        losses = [loss for info in self.infos for loss in info.losses if loss.label == self.loss]
        minibatches = any(loss.noise is not None and loss.noise.batch_size is not None for loss in losses)
        noisy = any(self.loss in info.noisy_losses for info in self.infos)
        noun = unit_noun(numbers["start"], numbers["seed"], noisy=noisy, minibatches=minibatches)
        number, unit = np.unique(numbers[noun], return_inverse=True)
        before, after = (np.bincount(unit, side.solved) for side in self.sides)
        return PairUnits(
            cluster=self.loss.partition("[")[0],
            noun=noun,
            number=number,
            effect=mean_by(numbers[noun], self.effects),
            solved=after - before,
            most_solved=int(max(before.sum(), after.sum())),
        )

    def failed_rates(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The learning rates at which all runs of head failed and not all of base, and the reverse."""
        rates, cell = np.unique(self._rates, return_inverse=True)
        failed = [(frame["outcome"].astype(str) == "failed").to_numpy(float) for frame in self.frames]
        before, after = (np.bincount(cell, each) == np.bincount(cell) for each in failed)
        return tuple(rates[after & ~before].tolist()), tuple(rates[before & ~after].tolist())

    def changed_rate(self) -> float:
        """The learning rate with the largest effect in the direction of the mean; of equal ones, the most solved."""
        effects = mean_by(self._rates, self.effects).round(6)
        solved = mean_by(self._rates, self.sides[0].solved + self.sides[1].solved.astype(float))
        towards = effects if effects.sum() > 0 else -effects
        return float(np.unique(self._rates)[np.lexsort((-solved, -towards))[0]])

    def best_rates(self, *, compare: bool = False) -> BestRates:
        """Each side at its best learning rate by the rule of the report, among the runs in both results.

        Args:
            compare: whether head is compared with base there.
        """
        before, after = (self._best_rate(frame) for frame in self.frames)
        rows = self._rows_at(before, after)
        solved = [int(side.solved[at].sum()) for side, at in zip(self.sides, rows, strict=True)]
        measure = None
        if compare:
            base, head = (side.at(at) for side, at in zip(self.sides, rows, strict=True))
            effects = run_effects(base, head, self._tightest_gap())
            known = effects[~np.isnan(effects)]
            measure = Measure(float(known.mean()), None) if len(known) else None
        return BestRates((before, after), (solved[0], solved[1]), (len(rows[0]), len(rows[1])), measure)

    def _best_rate(self, frame: pd.DataFrame) -> float:
        cells = cell_table(frame, self._targets, [self.loss], [self.optimizer])
        return float(best_cells(cells)["learning_rate"].iloc[0])

    def _rows_at(self, before: float, after: float) -> tuple[Array, Array]:
        """The rows of the runs at a learning rate of base and at one of head, from the same starts in equal order."""
        keys = self.frames[0][["start", "seed"]]
        rows = [keys[self._rates == rate].reset_index() for rate in (before, after)]
        both = rows[0].merge(rows[1], on=["start", "seed"], suffixes=("_base", "_head"))
        places = {index: place for place, index in enumerate(keys.index)}
        base, head = (both[f"index_{side}"].map(places).to_numpy(int) for side in ("base", "head"))
        return base, head

    def _tightest_gap(self) -> float:
        """The gap of the tightest target, the median of the runs: smaller gaps are no advantage."""
        scale = self.frames[1]["scale"].to_numpy(float, na_value=np.nan)
        finite = scale[np.isfinite(scale)]
        return self._targets[-1] * abs(float(np.median(finite))) if len(finite) else 0.0


def _side_runs(frame: pd.DataFrame, steps: int, targets: Sequence[float]) -> SideRuns:
    """The runs of one side as arrays."""
    t, _ = runtime_arrays(frame, targets, steps, "gradient_evaluations")
    gap = frame["gap"].to_numpy(float, na_value=np.nan)
    return SideRuns(
        t=t,
        budget=steps * gradients_per_step(frame),
        gap=np.where(np.isnan(gap), np.inf, gap),
        lost=is_lost(frame),
        solved=(frame["outcome"].astype(str) == "solved").to_numpy(bool),
    )
