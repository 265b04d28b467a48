"""Learning-rate sensitivity as tables of coloured cells: rows by optimizer or by loss, columns by learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.loss_view import LossView, initial_gaps
from reportgen.analysis.number_format import exponent, number, rate
from reportgen.figures.registry import slug

LEVELS = 8


@dataclass(frozen=True)
class HeatCell:
    """One cell of a heat map."""

    kind: str
    """The CSS class: ``h0`` .. ``h7``, ``diverged``, ``failed`` or ``absent``."""
    word: str
    """The median gap, or the word for why there is none."""
    brief: str
    """The same in two or three characters: the power of ten, or a symbol."""
    told: str
    """The whole in words."""
    solved: int
    diverged: int
    runs: int
    anchor: str
    """Of the row with all numbers."""
    best: bool


@dataclass(frozen=True)
class HeatRow:
    """One row of a heat map."""

    label: str
    squares: list[HeatCell]


def heatmap_by_optimizer(view: LossView, most: int | None = None) -> list[HeatRow]:
    """The optimizers of one loss, or the ``most`` best of them, in the manifest's order."""
    rates = view.results.manifest["learning_rates"]
    scale = _Scale(view)
    leading = sorted(view.best.values(), key=lambda cell: (-cell["reached"], cell["gap_median"]))[:most]
    shown = {cell["optimizer"] for cell in leading}
    names = view.optimizers if most is None else [name for name in view.optimizers if name in shown]
    return [HeatRow(name, _squares(view, name, rates, scale)) for name in names]


def heatmap_by_loss(views: Iterable[LossView], optimizer: str) -> list[HeatRow]:
    """The losses of one optimizer."""
    return [
        HeatRow(view.label, _squares(view, optimizer, view.results.manifest["learning_rates"], _Scale(view)))
        for view in views
    ]


def cell_anchor(optimizer: str, learning_rate: float) -> str:
    """The id of a cell's row on its loss's page."""
    return f"cell-{slug(optimizer)}-{learning_rate:g}".replace(".", "_").replace("+", "")


class _Scale:
    """From the median gap at the starts (far, 0) to the tightest target of it (close, the last level)."""

    def __init__(self, view: LossView) -> None:
        gaps = initial_gaps(view)
        self._top = float(np.median(gaps)) if len(gaps) else 1.0
        self._span = math.log10(min(view.results.manifest["targets"]))

    def __call__(self, gap: float) -> int:
        if gap <= 0:
            return LEVELS - 1
        closed = math.log10(gap / self._top) / self._span
        return min(max(int(closed * LEVELS), 0), LEVELS - 1)


def _squares(view: LossView, optimizer: str, rates: list[float], scale: _Scale) -> list[HeatCell]:
    cells = view.cells_by_rate(optimizer)
    best = view.best.get(optimizer, {}).get("cell_id")
    return [
        _square(cells[value], optimizer, scale, best) if value in cells else _absent(optimizer, value)
        for value in map(float, rates)
    ]


def _square(cell: dict[str, Any], optimizer: str, scale: _Scale, best: str | None) -> HeatCell:
    gap = float(cell["gap_median"])
    if math.isfinite(gap):
        kind, word, brief = f"h{scale(gap)}", number(gap, 2), _brief(gap)
        told = f"median gap {word}"
    elif 2 * (cell["diverged"] + cell["failed"]) < cell["runs"]:
        kind, word, brief, told = "absent", "n/a", "–", "no known minimum to measure a gap from"
    else:
        kind = word = "failed" if cell["failed"] > cell["diverged"] else "diverged"
        brief, told = "!" if kind == "failed" else "✕", word
    told = f"{optimizer} at {rate(cell['learning_rate'])}: {told}, {cell['solved']} of {cell['runs']} runs solved"
    return HeatCell(
        kind,
        word,
        brief,
        told,
        int(cell["solved"]),
        int(cell["diverged"]),
        int(cell["runs"]),
        cell_anchor(optimizer, cell["learning_rate"]),
        cell["cell_id"] == best and cell["reached"] > 0,
    )


def _brief(gap: float) -> str:
    if gap <= 0:
        return "≤0"
    return exponent(10.0 ** round(math.log10(gap)))


def _absent(optimizer: str, value: float) -> HeatCell:
    told = f"{optimizer} was not run at {rate(value)}"
    return HeatCell("absent", "n/a", "–", told, 0, 0, 0, cell_anchor(optimizer, value), False)
