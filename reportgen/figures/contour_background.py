"""The loss as a background under paths: bands between contours in two dimensions, strips in one.

All paths of a loss have the same background, so it is drawn once, as SVG elements that go into each figure.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reportgen.analysis.cells import Array
from reportgen.figures.style import COLOURS, colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reportgen.analysis.loss_view import LossView

BANDS = 9
TINT = 0.05
"""Opacity of one band. Bands overlap: the highest region has all of them."""
FLATNESS = 0.15
"""Points of a contour within this distance of a straight line are dropped, pixels."""
MOST_POINTS = 160
"""A grid with more points per side is thinned: the picture could not show more."""

HIGH = "high gap"
"""The word of a legend for the darkest band."""

_LEVELS = 12
"""Bands of ``draw_bands``."""

Size = tuple[int, int]
"""Width and height, CSS pixels."""
Margins = tuple[float, float, float, float]
"""Left, bottom, right, top, CSS pixels."""


def background_svg(view: LossView, size: Size, margins: Margins) -> str:
    """SVG elements of a loss over its domain, inside the margins of a figure; empty without a grid."""
    if view.grid is None:
        return ""
    x, y, gap = view.grid
    return bands_svg(x, y, log_heights(gap), size, margins)


def bands_svg(x: Array, y: Array, level: Array, size: Size, margins: Margins, tint: float = TINT) -> str:
    """SVG elements of heights on a grid, inside the margins of a figure.

    Args:
        x: float [columns].
        y: float [rows]; empty in one dimension.
        level: heights from 0 to 1, float [rows, columns], or [columns] in one dimension.
        size: of the figure.
        margins: of the figure.
        tint: opacity of one band.
    """
    left, bottom, right, top = margins
    width, height = size[0] - left - right, size[1] - bottom - top

    def across(values: Array, low: float, high: float) -> Array:
        return left + (values - low) / (high - low) * width

    def down(values: Array, low: float, high: float) -> Array:
        return top + (high - values) / (high - low) * height

    if len(y):
        pieces = _bands(across(x, x[0], x[-1]), down(y, y[0], y[-1]), level)
    else:
        pieces = _strips(down(x, x[0], x[-1]), level, left, width)
    return f'<g fill="{colour_token("field")}" fill-opacity="{tint}">{"".join(pieces)}</g>'


def _bands(x: Array, y: Array, level: Array) -> list[str]:
    """One element per contour: the region above it, from low to high."""
    import contourpy

    stride = max(1, -(-max(level.shape) // MOST_POINTS))
    contours = contourpy.contour_generator(
        x[::stride], y[::stride], level[::stride, ::stride], fill_type=contourpy.FillType.OuterOffset
    )
    edge = f'stroke="{colour_token("paper")}" stroke-opacity="0.55" stroke-width="7"'
    return [
        f'<path transform="scale(.1)" fill-rule="evenodd" {edge} d="{outline}"/>'
        for cut in np.arange(1, BANDS) / BANDS
        if (outline := "".join(map(_outline, *contours.filled(cut, 2.0))))
    ]


def _outline(points: Array, offsets: Array) -> str:
    """The rings as SVG path data in tenths of a pixel. Relative coordinates take a third of the bytes."""
    rings = (_simplified(points[begin : end - 1]) for begin, end in pairwise(offsets.tolist()))
    return "".join(f"M{_relative(np.round(10 * ring).astype(int))}z" for ring in rings if len(ring) > 2)


def _relative(ring: npt.NDArray[np.int_]) -> str:
    first, steps = ring[0], np.diff(ring, axis=0)
    steps = steps[steps.any(axis=1)]
    coordinates = " ".join(map(str, steps.ravel().tolist()))
    return f"{first[0]} {first[1]}l{coordinates}".replace(" -", "-")


def _simplified(ring: Array) -> Array:
    """The ring without nearly collinear points: Douglas and Peucker (1973), all segments of a level at once."""
    keep = np.zeros(len(ring), bool)
    keep[[0, -1]] = True
    while True:
        ends = np.flatnonzero(keep)
        at = np.searchsorted(ends, np.arange(len(ring)), side="right").clip(1, len(ends) - 1)
        begin, end = ring[ends[at - 1]], ring[ends[at]]
        segment = end - begin
        share = ((ring - begin) * segment).sum(axis=1) / np.maximum((segment**2).sum(axis=1), 1e-9)
        distance = np.hypot(*(ring - begin - segment * share.clip(0, 1)[:, None]).T)
        farthest = np.maximum.reduceat(distance, ends[:-1])
        needed = (distance == farthest[at - 1]) & (distance > FLATNESS)
        if not (needed & ~keep).any():
            return ring[keep]
        keep |= needed


def _strips(y: Array, level: Array, left: float, width: float) -> list[str]:
    """Horizontal strips over the full width: the x axis is the step, on which the loss does not depend."""
    tone = np.ceil(level * BANDS).astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(tone)) + 1).tolist(), len(y)]
    edges = np.concatenate([[y[0]], (y[1:] + y[:-1]) / 2, [y[-1]]])
    return [
        f'<rect x="{left:g}" width="{width:g}" y="{edges[end]:.1f}" height="{edges[begin] - edges[end]:.1f}" '
        f'fill-opacity="{1 - (1 - TINT) ** int(tone[begin]):.3f}"/>'
        for begin, end in pairwise(cuts)
    ]


def gap_range(gap: Array) -> tuple[float, float] | None:
    """The gaps, robust against outliers, at which the background is lightest and darkest; None if none is finite."""
    finite = gap[np.isfinite(gap)]
    if not len(finite):
        return None
    lowest, median, highest = np.quantile(finite, [0.01, 0.5, 0.98])
    # At most six powers of ten above the median, because an exponential may explode at one side.
    top = max(float(min(highest, 1e6 * median) if median > 0 else highest), 1e-300)
    least = max(float(lowest), 1e-12 * top, 1e-300)
    return least, max(top, least * 10)


def log_heights(gap: Array) -> Array:
    """The gap on a logarithmic scale from 0 to 1 with robust ends, float of the same shape; infinite and NaN are 1."""
    ends = gap_range(gap)
    if ends is None:
        return np.ones_like(gap)
    low, high = np.log10(ends)
    power = np.log10(np.where(np.isfinite(gap), np.maximum(gap, ends[0]), np.inf))
    height: Array = np.clip((power - low) / (high - low), 0, 1)
    return height


def draw_bands(axes: Axes, view: LossView) -> None:
    """Draw bands of equal height under everything else, for a figure that stays one of matplotlib."""
    grid = view.grid
    if grid is None:
        return
    limits = axes.get_xlim(), axes.get_ylim()
    heights = log_heights(grid.gap)
    if not len(grid.y):  # the x axis is the step, on which the loss does not depend
        x, y, heights = np.array(limits[0]), grid.x, np.column_stack([heights, heights])
    else:
        x, y = grid.x, grid.y
    red, green, blue = (int(COLOURS["field"][0][at : at + 2], 16) / 255 for at in (1, 3, 5))
    colours = [(red, green, blue, 0.06 + 0.5 * level / _LEVELS) for level in range(_LEVELS)]
    axes.contourf(x, y, heights, np.linspace(0, 1, _LEVELS + 1), colors=colours, zorder=-1)
    axes.fill([], [], color=colours[-1], label=HIGH)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
