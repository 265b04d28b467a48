"""Lines in one axes: the best optimizers in colour with their names at the end, the others grey behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.figures.style import PAPER, SeriesStyle, colour_token, dash_pattern
from reportgen.figures.ticks import SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (62.0, 40.0, 136.0, 12.0)
"""Left, bottom, right, top, with room for the names at the right, CSS pixels."""
MOST_NAMED = 8
"""More coloured lines than this cannot be distinguished."""
NAME_HEIGHT = 15.0
"""CSS pixels."""
OTHERS, LOST, BAND = "other optimizers", "half or more escaped, diverged or failed", "pointwise 95 % band"
"""Words of a legend."""


@dataclass(frozen=True)
class Line:
    """The line of one optimizer."""

    name: str
    style: SeriesStyle
    x: Array
    """float [points], as drawn"""
    y: Array
    """float [points], as drawn"""
    ends_early: bool = False
    """Whether it ends because half or more of the runs escaped, diverged or failed: marked by a cross."""
    stepped: bool = False
    """Whether it is constant between the points."""


@dataclass(frozen=True)
class Band:
    """The band of one optimizer, constant between its points."""

    style: SeriesStyle
    x: Array
    """float [points], as drawn"""
    low: Array
    """float [points], as drawn"""
    high: Array
    """The same."""


def draw_lines(axes: Axes, lines: list[Line], behind: list[Line], bands: Sequence[Band] = ()) -> None:
    """Draw lines with names, and grey lines and bands behind them; lines without a point are left out.

    Args:
        axes: where to draw.
        lines: those with names.
        behind: those without.
        bands: of some lines.
    """
    for band in bands:
        colour = colour_token(band.style.colour)
        axes.fill_between(
            band.x, band.low, band.high, step="post", color=colour, alpha=0.14, lw=0, zorder=2, label=BAND
        )
    for line in behind:
        grey = colour_token("context")
        axes.plot(line.x, line.y, color=grey, lw=1, zorder=1, drawstyle=_draw_style(line), label=OTHERS)
    lines = [line for line in lines if len(line.x)]
    ends = [_draw(axes, line) for line in lines]
    if PAPER.get() is None:
        _write_names(axes, lines, ends)


def _draw_style(line: Line) -> str:
    return "steps-post" if line.stepped else "default"


def _draw(axes: Axes, line: Line) -> tuple[float, float]:
    """Draw one line. Returns the position of its end in points."""
    style = line.style
    colour, dash = colour_token(style.colour), dash_pattern(style.dash)
    (drawn,) = axes.plot(
        line.x, line.y, color=colour, ls=dash, lw=2, drawstyle=_draw_style(line), zorder=3, label=line.name
    )
    if PAPER.get():  # in print without colour, the markers tell the lines apart
        drawn.set(marker=style.marker, markersize=5, markevery=(0.05, 0.2))
    end = (line.x[-1], line.y[-1])
    if line.ends_early:
        axes.plot(*end, "x", ms=8, mew=2, color=colour, zorder=4, clip_on=False, label=LOST)
    axes.plot(*end, style.marker, ms=5.5, color=colour, mec=colour_token("paper"), mew=0.8, zorder=3, clip_on=False)
    x, y = axes.transData.transform(end)
    return float(x), float(y)


def _write_names(axes: Axes, lines: list[Line], ends: list[tuple[float, float]]) -> None:
    """Write each name in the right margin, level with the end of its line, without overlap."""
    left, bottom, width, height = axes.bbox.bounds
    edge = left + width
    positions = spread_labels([y for _, y in ends], NAME_HEIGHT, bottom + 2, bottom + height)
    for line, (x, y), label in zip(lines, ends, positions, strict=True):
        axes.annotate(
            fit_name(line.name),
            (edge + 20, label),
            xycoords="figure points",
            color=colour_token(line.style.colour),
            va="center",
            fontsize=SIZE,
            annotation_clip=False,
        )
        if math.hypot(x - edge - 18, y - label) > 12:
            _connect(axes, (min(edge + 3, x + 4), y), (edge + 18, label))


def fit_name(name: str, room: int = 17) -> str:
    """A name shortened to the width of ``room`` Latin letters; Chinese and Japanese letters have the width of two."""
    ends = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in name))
    return name if ends[-1] <= room else f"{name[: sum(end < room for end in ends)]}…"


def _connect(axes: Axes, end: tuple[float, float], name: tuple[float, float]) -> None:
    """Draw a thin line from the end of a line to its name, in points of the figure."""
    axes.annotate(
        "",
        end,
        name,
        xycoords="figure points",
        textcoords="figure points",
        arrowprops={"arrowstyle": "-", "color": colour_token("context"), "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
        zorder=1,
    )


def spread_labels(wanted: list[float], apart: float, low: float, high: float) -> list[float]:
    """Positions close to the wanted ones and in the same order, but at least a distance apart.

    Args:
        wanted: the ideal positions.
        apart: the smallest distance.
        low: the lowest position.
        high: the highest position. If the labels do not fit, the lowest ones are below ``low``.
    """
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
    """A stepped line cut off at x = ``high``, where it ends with its value there.

    Args:
        x: float [points], ascending.
        y: float [points].
        high: where it ends.
    """
    inside = x <= high
    return np.append(x[inside], high), np.append(y[inside], y[inside][-1] if inside.any() else 0.0)
