"""Heat maps of the gap by learning rate and step: how early a learning rate shows that it is too high."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import CellRow
from reportgen.analysis.loss_view import LossView, curve_runs, median_gap_at
from reportgen.analysis.number_format import count, rate
from reportgen.figures.registry import MOST_PANELS
from reportgen.report.heatmap import GapLevels, power_of_ten

MOST_STEPS = 10
"""Columns of a heat map."""


@dataclass(frozen=True)
class StepCell:
    """The median gap of a configuration after some steps."""

    kind: str
    """The CSS class: ``h0`` .. ``h7``, or ``diverged``."""
    brief: str
    """The power of ten, or a symbol."""


@dataclass(frozen=True)
class StepRow:
    """A learning rate."""

    learning_rate: float
    best: bool
    cells: Sequence[StepCell]
    """One for each step."""


@dataclass(frozen=True)
class StepHeatmap:
    """The heat map of one optimizer."""

    optimizer: str
    summary: str
    """From which learning rate on, and how early, the gap is larger than at the start."""
    rows: Sequence[StepRow]
    """By learning rate, ascending."""


def shown_steps(last: int) -> list[int]:
    """Return the steps of the columns, at most ``MOST_STEPS``: 1, 2, 5, 10, ... or fewer, and the last step."""
    for digits in ((1, 2, 5), (1, 3), (1,)):
        steps = [digit * 10**power for power in range(len(str(last))) for digit in digits]
        shown = [*(step for step in steps if 3 * step < 2 * last), last]
        if len(shown) <= MOST_STEPS:
            break
    return shown


def step_heatmaps(view: LossView) -> list[StepHeatmap]:
    """Return a heat map for each optimizer with stored trajectories, in the order of their colours.

    A loss without a known minimum has none.
    """
    if view.info.minimum is None:
        return []
    steps, levels = shown_steps(view.manifest.steps), GapLevels(view)
    gaps = _median_gaps(view, steps)
    return [_heatmap(view, name, steps, levels, gaps[name]) for name in view.optimizers[:MOST_PANELS] if name in gaps]


def _median_gaps(view: LossView, steps: Sequence[int]) -> dict[str, dict[float, list[float]]]:
    """By optimizer and learning rate, the median gap at the start and at each of ``steps``."""
    stored, found = view.trajectories_by_cell(), dict[str, dict[float, list[float]]]()
    for cell in view.rows:
        if runs := curve_runs(stored.get(cell.cell_id, []), cell):
            gaps = median_gap_at(runs, np.array([0, *steps])).tolist()
            found.setdefault(cell.optimizer, {})[cell.learning_rate] = gaps
    return {name: dict(sorted(by_rate.items())) for name, by_rate in found.items()}


def _heatmap(
    view: LossView, optimizer: str, steps: Sequence[int], levels: GapLevels, gaps: dict[float, list[float]]
) -> StepHeatmap:
    best = view.best.get(optimizer)
    rows = [
        StepRow(each, best is not None and each == best.learning_rate, [_cell(gap, levels) for gap in later])
        for each, (_, *later) in gaps.items()
    ]
    # Between trials, more changes than the learning rate.
    summary = "" if view.manifest.is_tuned else _summary(gaps, steps, best)
    return StepHeatmap(optimizer, summary, rows)


def _cell(gap: float, levels: GapLevels) -> StepCell:
    if not math.isfinite(gap):
        return StepCell("diverged", "✕")
    return StepCell(f"h{levels(gap)}", power_of_ten(gap))


def _summary(gaps: dict[float, list[float]], steps: Sequence[int], best: CellRow | None) -> str:
    """The lowest learning rate above the best one that ends worse than it began, and since when."""
    above = [each for each in gaps if best is None or each > best.learning_rate]
    worse = [(each, since) for each in above if (since := _worse_since(gaps[each], steps)) is not None]
    if not worse:
        return "No tried learning rate ends above the gap at the start."
    learning_rate, since = worse[0]
    return f"Too high from {rate(learning_rate)}: after {count(since, 'step')} the gap stays above that at the start."


def _worse_since(gaps: Sequence[float], steps: Sequence[int]) -> int | None:
    """The first of ``steps`` from which on the gap stays larger than at the start; None if it does not end larger."""
    start, *later = gaps
    larger = [gap > start for gap in later]
    if not larger[-1]:
        return None
    fine = [at for at, each in enumerate(larger) if not each]
    return steps[fine[-1] + 1 if fine else 0]
