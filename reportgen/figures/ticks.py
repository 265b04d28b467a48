"""Tick labels as plain texts: drawing ticks of matplotlib, even invisible ones, takes longer than the whole figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from reportgen.analysis.number_format import number
from reportgen.figures.style import colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

SIZE = 11.5
"""Font size, CSS pixels."""
PAD = 5.0
"""Distance between the axes and a label, CSS pixels."""


def x_ticks(axes: Axes, at: Sequence[float], labels: Sequence[str], title: str = "") -> None:
    """Write labels below the axes, only those within its limits, and a title below them.

    Args:
        axes: where to write.
        at: positions in data coordinates.
        labels: one per position.
        title: of the axis; none if empty.
    """
    transform = axes.get_xaxis_text1_transform(PAD)[0]
    low, high = sorted(axes.get_xlim())
    for x, label in zip(at, labels, strict=True):
        if low <= x <= high:
            _text(axes, (x, 0), label, "center", "top", transform)
    if title:
        _text(axes, (0.5, 0), title, "center", "top", axes.transAxes + _points(axes, 0, -PAD - 1.4 * SIZE))


def y_ticks(axes: Axes, at: Sequence[float], labels: Sequence[str], title: str = "") -> None:
    """Write labels left of the axes, only those within its limits, and a title; arguments as ``x_ticks``."""
    transform = axes.get_yaxis_text1_transform(PAD)[0]
    low, high = sorted(axes.get_ylim())
    for y, label in zip(at, labels, strict=True):
        if low <= y <= high:
            _text(axes, (0, y), label, "right", "center_baseline", transform)
    if title:
        _y_title(axes, title)


def _y_title(axes: Axes, title: str) -> None:
    """Write the title of the y axis at the left edge of the figure, rotated if it has more than one letter."""
    from matplotlib.transforms import blended_transform_factory

    edge = blended_transform_factory(_points(axes, 8, 0), axes.transAxes)
    _text(axes, (0, 0.5), title, "center", "center", edge, rotation=90 if len(title) > 1 else 0)


def round_labels(at: Sequence[float]) -> tuple[list[float], list[str]]:
    """Positions without rounding errors, and their labels."""
    values = [round(value, 12) for value in at]
    return values, [number(value) for value in values]


def _points(axes: Axes, x: float, y: float) -> Transform:
    """A distance that is the same at every resolution; a point is a CSS pixel."""
    from matplotlib.transforms import ScaledTranslation

    return ScaledTranslation(x / 72, y / 72, axes.figure.dpi_scale_trans)


def _text(
    axes: Axes,
    at: tuple[float, float],
    text: str,
    ha: Literal["center", "right"],
    va: Literal["top", "center", "center_baseline"],
    transform: Transform,
    rotation: float = 0,
) -> None:
    """Write a text next to the axes."""
    axes.text(
        *at,
        text,
        fontsize=SIZE,
        color=colour_token("quiet"),
        clip_on=False,
        ha=ha,
        va=va,
        transform=transform,
        rotation=rotation,
    )
