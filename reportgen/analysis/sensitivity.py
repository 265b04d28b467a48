"""How much an optimizer's result depends on its learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.best_rate_intervals import best_rate_intervals
from reportgen.analysis.cells import Array, order_statistic
from reportgen.analysis.rate_rule import final_gaps

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable

WITHIN = 10.0
"""A learning rate is usable if its median gap is at most this many times the one at the best learning rate."""


@dataclass(frozen=True)
class Sensitivity:
    """How one optimizer on one loss depends on the learning rate."""

    loss: str
    optimizer: str
    rates: int
    """Number of learning rates tried."""
    best_rate: float
    """The best learning rate, see ``best_cells.best_cells``."""
    solves: bool
    """Whether the median run at that rate hits the tightest target; if not, a usable range means little."""
    interval: tuple[float, float] | None
    """The tried rates that enclose the best one in 95 % of the resamples; None if nothing random varies."""
    usable: tuple[float, float] | None
    """The smallest and largest rate of the usable range; None if the median gap at the best rate is infinite."""
    edge: Literal["smallest", "largest"] | None
    """Which end of three or more tried rates the best one is; None if it is neither, or hit no target."""
    diverges_from: float | None
    """The smallest rate at which, and at all larger ones, half of the runs or more diverged; None without one."""

    @property
    def decades(self) -> float | None:
        """The width of the usable range in decades; 0 for a single rate, because the grid cannot show its width."""
        # Rates are given with four digits; rounded, so that ranges of equal width compare equal.
        return None if self.usable is None else round(math.log10(self.usable[1] / self.usable[0]), 3)


def sensitivity(table: RunTable) -> list[Sensitivity]:
    """One entry per (loss, optimizer), in the order of ``table.cells``.

    The usable range is the unbroken range of tried learning rates around the best one in which the median gap is at
    most 10 times the one at the best learning rate. Gaps are those of ``floored_gaps``. A failed run does not count as
    diverged.
    """
    cells = table.cells
    cells = cells.assign(floored=order_statistic(floored_gaps(table), table.run_cells, len(cells), 0.5))
    intervals = best_rate_intervals(table)
    begin = np.flatnonzero(~cells.duplicated(["loss", "optimizer"]).to_numpy())
    ends = np.append(begin[1:], len(cells))
    tops = best_cells(cells).index.to_numpy()
    return [
        _pair_sensitivity(cells.iloc[first:end], int(top - first), intervals)
        for first, end, top in zip(begin, ends, tops, strict=True)
    ]


def floored_gaps(table: RunTable) -> Array:
    """The final gap of each run, but at least the gap of its tightest target, float [runs].

    So a run that goes further than the tightest target gains nothing by it. Infinite for a lost run.
    """
    floored: Array = np.maximum(final_gaps(table.runs), tightest_gaps(table))
    return floored


def tightest_gaps(table: RunTable) -> Array:
    """The gap of the tightest target of each run, float [runs]; 0 if it is unknown."""
    scale = table.runs["scale"].to_numpy(float, na_value=np.nan)
    gaps: Array = min(table.targets) * np.where(np.isfinite(scale), scale, 0)
    return gaps


def usable_range(gaps: Array, at: int) -> tuple[int, int] | None:
    """The first and last place of the unbroken range around ``at`` with gaps at most 10 times the one at ``at``.

    None if the gap at ``at`` is infinite.

    Args:
        gaps: by learning rate, float [rates].
        at: place of the best learning rate.
    """
    if not np.isfinite(gaps[at]):
        return None
    outside = np.flatnonzero(gaps > WITHIN * gaps[at])
    after = int(np.searchsorted(outside, at))
    low = outside[after - 1] + 1 if after else 0
    high = outside[after] - 1 if after < len(outside) else len(gaps) - 1
    return int(low), int(high)


def divergence_edge(share: Array) -> int | None:
    """The first place from which on half of the runs or more diverge; None if no place has that.

    Args:
        share: share of diverged runs by learning rate, float [rates].
    """
    below_half = np.flatnonzero(share < 0.5)
    first = int(below_half[-1]) + 1 if len(below_half) else 0
    return first if first < len(share) else None


def _pair_sensitivity(
    cells: pd.DataFrame, at: int, intervals: dict[tuple[str, str], tuple[float, float]]
) -> Sensitivity:
    """The sensitivity of one optimizer on one loss, from its configurations; ``at`` is the place of the best one."""
    rates = cells["learning_rate"].to_numpy(float).tolist()
    loss, optimizer = str(cells["loss"].iloc[0]), str(cells["optimizer"].iloc[0])
    usable = usable_range(cells["floored"].to_numpy(float), at)
    diverges_from = divergence_edge((cells["diverged"] / cells["runs"]).to_numpy(float))
    return Sensitivity(
        loss=loss,
        optimizer=optimizer,
        rates=len(rates),
        best_rate=rates[at],
        solves=math.isfinite(cells["steps_to_target"].iloc[at]),
        interval=intervals.get((loss, optimizer)),
        usable=None if usable is None else (rates[usable[0]], rates[usable[1]]),
        edge=_edge(at, len(rates)) if cells["hit_rate"].iloc[at] > 0 else None,
        diverges_from=None if diverges_from is None else rates[diverges_from],
    )


def _edge(at: int, rates: int) -> Literal["smallest", "largest"] | None:
    if rates < 3 or 0 < at < rates - 1:
        return None
    return "largest" if at else "smallest"
