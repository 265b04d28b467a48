"""How much an optimizer's result hangs on its learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.analysis.best_rate import best_rate_intervals
from reportgen.analysis.budgets import final_gaps, least_losses, numbered_cells
from reportgen.analysis.cells import Array, cell_table, order_statistic
from reportgen.analysis.ranking import best_cells

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.result_tables import Results

WITHIN = 10.0
"""A rate is usable where the median gap is at most so many times that at the best rate."""


@dataclass(frozen=True)
class Sensitivity:
    """What the learning rate means for one optimizer on one loss."""

    loss: str
    optimizer: str
    rates: int
    """How many were tried."""
    best_rate: float
    """As ``ranking.best`` chooses it."""
    solves: bool
    """Whether the median run at it reaches the tightest target; else no range of rates is of much use."""
    interval: tuple[float, float] | None
    """The tried rates between which the best one was in 95 % of the resamples; None where nothing random varies."""
    usable: tuple[float, float] | None
    """The first and the last rate of the usable stretch; None where the median gap at the best rate is infinite."""
    edge: Literal["smallest", "largest"] | None
    """Which of more than two tried rates the best one is; None if in between, or if it reached no target."""
    diverges_from: float | None
    """The smallest rate such that at it and all larger ones half the runs or more diverged; None if there is none."""

    @property
    def decades(self) -> float | None:
        """The usable stretch in decades; 0 for a single rate, since the grid cannot tell how wide it is."""
        # Rates are given with four digits: equally long stretches of a grid must come out equal.
        return None if self.usable is None else round(math.log10(self.usable[1] / self.usable[0]), 3)


def sensitivity(results: Results) -> list[Sensitivity]:
    """One for each (loss, optimizer), in the order of ``cells.cells``.

    The usable stretch is the unbroken one of tried rates around the best rate whose median gap is at most 10 times that
    at the best rate; the gaps are those of ``floored_gaps``. A failed run says nothing of where divergence begins.
    """
    code = numbered_cells(results)[1]
    table = cell_table(results)
    table = table.assign(floored=order_statistic(floored_gaps(results), code, len(table), 0.5))
    intervals = best_rate_intervals(results)
    begin = np.flatnonzero(~table.duplicated(["loss", "optimizer"]).to_numpy())
    ends = np.append(begin[1:], len(table))
    tops = best_cells(table).index.to_numpy()
    return [_of(table.iloc[a:z], int(top - a), intervals) for a, z, top in zip(begin, ends, tops, strict=True)]


def floored_gaps(results: Results) -> Array:
    """The final gap of each run [runs], but at least the tightest target times its initial gap; infinite if lost.

    So a run is not held against another that went further than was asked.
    """
    initial = results.runs["initial_loss"].to_numpy(float, na_value=np.nan) - least_losses(results)
    floor = min(results.manifest["targets"]) * np.where(initial > 0, initial, 0)
    floored: Array = np.maximum(final_gaps(results), floor)
    return floored


def usable_range(gaps: Array, at: int) -> tuple[int, int] | None:
    """The first and the last place of the stretch around ``at`` where ``gaps`` [rates] are within 10 times that there.

    None where the gap at ``at`` is infinite.
    """
    if not np.isfinite(gaps[at]):
        return None
    outside = np.flatnonzero(gaps > WITHIN * gaps[at])
    after = int(np.searchsorted(outside, at))
    low = outside[after - 1] + 1 if after else 0
    high = outside[after] - 1 if after < len(outside) else len(gaps) - 1
    return int(low), int(high)


def divergence_edge(share: Array) -> int | None:
    """The first place from which on all of ``share`` [rates], the shares of diverged runs, are at least one half."""
    calm = np.flatnonzero(share < 0.5)
    first = int(calm[-1]) + 1 if len(calm) else 0
    return first if first < len(share) else None


def _of(mine: pd.DataFrame, at: int, intervals: dict[tuple[str, str], tuple[float, float]]) -> Sensitivity:
    rates = mine["learning_rate"].to_numpy(float).tolist()
    loss, optimizer = str(mine["loss"].iloc[0]), str(mine["optimizer"].iloc[0])
    stretch = usable_range(mine["floored"].to_numpy(float), at)
    edge = divergence_edge((mine["diverged"] / mine["runs"]).to_numpy(float))
    return Sensitivity(
        loss=loss,
        optimizer=optimizer,
        rates=len(rates),
        best_rate=rates[at],
        solves=math.isfinite(mine["steps_to_target"].iloc[at]),
        interval=intervals.get((loss, optimizer)),
        usable=None if stretch is None else (rates[stretch[0]], rates[stretch[1]]),
        edge=_edge(at, len(rates)) if mine["reached"].iloc[at] > 0 else None,
        diverges_from=None if edge is None else rates[edge],
    )


def _edge(at: int, rates: int) -> Literal["smallest", "largest"] | None:
    if rates < 3 or 0 < at < rates - 1:
        return None
    return "largest" if at else "smallest"
