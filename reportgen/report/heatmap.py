"""Heat maps of learning-rate sensitivity: rows by optimizer or by loss, columns by learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.analysis.cells import CellRow
from reportgen.analysis.loss_view import LossView, tightest_gap
from reportgen.analysis.number_format import exponent, number, rate
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.figures.paths import is_drawable
from reportgen.figures.registry import MOST_PANELS, slug

LEVELS = 8
MOST_HEADINGS = 9


@dataclass(frozen=True)
class HeatCell:
    """One cell of a heat map."""

    kind: str
    """The CSS class: ``h0`` .. ``h7``, ``diverged``, ``failed`` or ``absent``."""
    word: str
    """The median gap, or one word for why it is missing."""
    brief: str
    """The same in two or three characters: the power of ten, or a symbol."""
    text: str
    """Everything in words."""
    solved: int
    diverged: int
    runs: int
    anchor: str
    """Of the row with all numbers."""
    path: str
    """Of the trajectories; empty if the loss cannot be drawn, or the optimizer has no picture."""
    best: bool


@dataclass(frozen=True)
class HeatRow:
    """One row of a heat map."""

    label: str
    cells: list[HeatCell]


def heatmap_by_optimizer(view: LossView, order: Sequence[str], most: int | None = None) -> list[HeatRow]:
    """The optimizers of one loss, or the ``most`` best of them.

    Args:
        view: the loss.
        order: labels of all optimizers, in the order of the rows.
        most: number of rows; None: all.
    """
    rates = view.manifest.rate_columns
    scale = GapLevels(view)
    best = sorted(view.best.values(), key=lambda cell: cell.sort_key)[:most]
    shown = {cell.optimizer for cell in best}
    names = order if most is None else [name for name in order if name in shown]
    return [HeatRow(name, _heat_cells(view, name, rates, scale)) for name in names]


def shown_headings(rates: Sequence[float]) -> list[bool]:
    """Which columns of a narrow table have a heading: at most ``MOST_HEADINGS``, whole powers of ten if there are any.

    Args:
        rates: the learning rates, ascending.
    """
    whole = [abs(power - round(power)) < 0.05 for power in map(math.log10, rates)]
    wanted = [at for at in range(len(rates)) if whole[at] or len(rates) <= MOST_HEADINGS or not any(whole)]
    return [at in wanted[:: -(-len(wanted) // MOST_HEADINGS)] for at in range(len(rates))]


def heatmap_by_loss(views: Iterable[LossView], optimizer: str) -> list[HeatRow]:
    """The losses of one optimizer."""
    return [
        HeatRow(view.label, _heat_cells(view, optimizer, view.manifest.rate_columns, GapLevels(view))) for view in views
    ]


def cell_anchor(optimizer: str, learning_rate: float) -> str:
    """The id of a configuration's row on the page of its loss."""
    return f"cell-{slug(optimizer)}-{learning_rate:g}".replace(".", "_").replace("+", "")


def path_anchor(optimizer: str, learning_rate: float) -> str:
    """The id of the trajectories of a configuration on the page of its loss."""
    return cell_anchor(optimizer, learning_rate).replace("cell-", "path-", 1)


class GapLevels:
    """Levels of colour, from the gap that targets are shares of (0) to the tightest target (the last level)."""

    def __init__(self, view: LossView) -> None:
        """Make the levels of a loss with a known minimum."""
        tightest = min(view.manifest.targets)
        self._top = tightest_gap(view) / tightest or 1.0
        self._span = math.log10(tightest)

    def __call__(self, gap: float) -> int:
        """Return the level of a finite gap."""
        if gap <= 0:
            return LEVELS - 1
        closed = math.log10(gap / self._top) / self._span
        return min(max(int(closed * LEVELS), 0), LEVELS - 1)


def _heat_cells(view: LossView, optimizer: str, rates: Sequence[float], scale: GapLevels) -> list[HeatCell]:
    cells = view.cells_by_rate(optimizer)
    best = view.best.get(optimizer)
    drawn = is_drawable(view) and optimizer in view.optimizers[:MOST_PANELS]
    return [
        _heat_cell(cells[each], scale, best, drawn=drawn) if each in cells else _absent(optimizer, each)
        for each in rates
    ]


def _heat_cell(cell: CellRow, scale: GapLevels, best: CellRow | None, *, drawn: bool) -> HeatCell:
    gap = cell.gap_median
    lost = {outcome: cell.outcomes[outcome] for outcome in ("diverged", "escaped", "failed")}  # the first of equals
    if math.isfinite(gap):
        kind, word, brief = f"h{scale(gap)}", number(gap, 2), power_of_ten(gap)
        text = f"median gap {word}"
    elif 2 * sum(lost.values()) < cell.runs:
        kind, word, brief, text = "absent", "n/a", "–", "no known minimum, so no gap"
    else:
        word = text = max(lost, key=lambda outcome: lost[outcome])
        kind, brief = "failed" if word == "failed" else "diverged", SYMBOLS[word]
    return HeatCell(
        kind=kind,
        word=word,
        brief=brief,
        text=f"{cell.optimizer} at {rate(cell.learning_rate)}: {text}, {cell.solved} of {cell.runs} runs solved",
        solved=cell.solved,
        diverged=cell.diverged,
        runs=cell.runs,
        anchor=cell_anchor(cell.optimizer, cell.learning_rate),
        path=path_anchor(cell.optimizer, cell.learning_rate) if drawn else "",
        best=best is not None and cell.cell_id == best.cell_id and cell.hit_rate > 0,
    )


def power_of_ten(gap: float) -> str:
    """A finite gap in two or three characters: its exponent, rounded."""
    return "−∞" if gap <= 0 else exponent(10.0 ** round(math.log10(gap)))


def _absent(optimizer: str, learning_rate: float) -> HeatCell:
    text = f"{optimizer} was not run at {rate(learning_rate)}"
    return HeatCell("absent", "–", "–", text, 0, 0, 0, cell_anchor(optimizer, learning_rate), "", False)
