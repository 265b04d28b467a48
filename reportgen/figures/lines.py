"""Lines that are compared in one axes: each named at its end, the best in colour, the others grey behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.figures.style import SeriesStyle, colour_token, dash_pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (46.0, 40.0, 136.0, 12.0)
"""With room for the names at the right."""
MOST = 8
"""More lines than this in colour cannot be told apart."""
HEIGHT = 15.0
"""Of a name, pixels."""


@dataclass(frozen=True)
class Line:
    """One optimizer's; x and y as drawn, [points]."""

    name: str
    look: SeriesStyle
    x: Array
    y: Array
    lost: bool = False
    """It ends because half of the runs or more diverged: marked by a cross."""
    stepped: bool = False
    """Constant between the points."""


def draw_lines(axes: Axes, lines: list[Line], behind: list[Line]) -> None:
    """Draw ``lines`` with names, over those ``behind`` without; lines without a point are left out."""
    for line in behind:
        axes.plot(line.x, line.y, color=colour_token("context"), lw=1, zorder=1, drawstyle=_style(line))
    lines = [line for line in lines if len(line.x)]
    ends = [_draw(axes, line) for line in lines]
    _names(axes, lines, ends)


def _style(line: Line) -> str:
    return "steps-post" if line.stepped else "default"


def _draw(axes: Axes, line: Line) -> tuple[float, float]:
    """Draw one line; the pixel position of its end."""
    colour = colour_token(line.look.colour)
    axes.plot(line.x, line.y, color=colour, ls=dash_pattern(line.look.dash), lw=2, drawstyle=_style(line), zorder=3)
    end = (line.x[-1], line.y[-1])
    if line.lost:
        axes.plot(*end, "x", ms=8, mew=2, color=colour, zorder=4, clip_on=False)
    axes.plot(*end, line.look.marker, ms=5.5, color=colour, mec=colour_token("paper"), mew=0.8, zorder=3, clip_on=False)
    x, y = axes.transData.transform(end)
    return float(x), float(y)


def _names(axes: Axes, lines: list[Line], ends: list[tuple[float, float]]) -> None:
    """Each name in the right margin at the height of its line's end, pushed apart where they would touch."""
    left, bottom, width, height = axes.bbox.bounds
    edge = left + width
    at = spread_labels([y for _, y in ends], HEIGHT, bottom + 2, bottom + height)
    for line, (x, y), label in zip(lines, ends, at, strict=True):
        axes.annotate(
            fit_name(line.name),
            (edge + 20, label),
            xycoords="figure pixels",
            color=colour_token(line.look.colour),
            va="center",
            fontsize=12.5,
            annotation_clip=False,
        )
        if math.hypot(x - edge - 18, y - label) > 12:
            _lead(axes, (min(edge + 3, x + 4), y), (edge + 18, label))


def fit_name(name: str, room: int = 17) -> str:
    """As much of a name as fits into so many Latin letters; Chinese and Japanese ones take the room of two."""
    ends = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in name))
    return name if ends[-1] <= room else f"{name[: sum(end < room for end in ends)]}…"


def _lead(axes: Axes, end: tuple[float, float], name: tuple[float, float]) -> None:
    axes.annotate(
        "",
        end,
        name,
        xycoords="figure pixels",
        textcoords="figure pixels",
        arrowprops={"arrowstyle": "-", "color": colour_token("context"), "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
        zorder=1,
    )


def spread_labels(wanted: list[float], apart: float, low: float, high: float) -> list[float]:
    """Positions close to ``wanted``, in the same order, at least ``apart`` from each other and in range if they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    floor = low
    for i in order:
        placed[i] = max(placed[i], floor)
        floor = placed[i] + apart
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - apart
    return placed


def clip_curve(x: Array, y: Array, high: float) -> tuple[Array, Array]:
    """A stepped line up to ``high``, where it ends with the value that it has there."""
    inside = x <= high
    return np.append(x[inside], high), np.append(y[inside], y[inside][-1] if inside.any() else 0.0)
