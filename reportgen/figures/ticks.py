"""Ticks as plain texts beside an axes: matplotlib's own, with lines of no length, take longer than the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.analysis.number_format import number
from reportgen.figures.style import colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = 11.5
PAD = 5.0
"""Between the axes and a text, pixels."""


def x_ticks(axes: Axes, at: Sequence[float], labels: Sequence[str], title: str = "") -> None:
    """Texts under an axes, those that are within its limits, and a title under them."""
    transform = axes.get_xaxis_text1_transform(PAD)[0]
    low, high = sorted(axes.get_xlim())
    for x, label in zip(at, labels, strict=True):
        if low <= x <= high:
            _text(axes, x, 0, label, ha="center", va="top", transform=transform)
    if title:
        left, bottom, width, _ = axes.bbox.bounds
        _text(axes, left + width / 2, bottom - PAD - 1.4 * SIZE, title, ha="center", va="top", transform=None)


def y_ticks(axes: Axes, at: Sequence[float], labels: Sequence[str], title: str = "") -> None:
    """Texts left of an axes, those that are within its limits, and a title left of them, turned where it is long."""
    transform = axes.get_yaxis_text1_transform(PAD)[0]
    low, high = sorted(axes.get_ylim())
    for y, label in zip(at, labels, strict=True):
        if low <= y <= high:
            _text(axes, 0, y, label, ha="right", va="center_baseline", transform=transform)
    if title:
        middle = axes.bbox.bounds[1] + axes.bbox.bounds[3] / 2
        _text(axes, 8, middle, title, ha="center", va="center", transform=None, rotation=90 if len(title) > 1 else 0)


def round_labels(at: Sequence[float]) -> tuple[list[float], list[str]]:
    """Ticks at round numbers, and these as texts."""
    values = [round(value, 12) for value in at]
    return values, [number(value) for value in values]


def _text(axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
    axes.text(x, y, text, fontsize=SIZE, color=colour_token("quiet"), clip_on=False, **how)
