"""The loss as a quiet ground under paths: bands between contours in two dimensions, strips along x in one.

It is the same under every path of a loss, so it is made once, as a piece of SVG that is put under each drawing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reportgen.analysis.cells import Array
from reportgen.figures.style import colour_token

if TYPE_CHECKING:
    from reportgen.analysis.loss_view import LossView

BANDS = 9
TINT = 0.05
"""Opacity of one band; they lie over each other, so the highest region has all of them."""
FLAT = 0.15
"""A point of a contour this near to a straight line, in pixels, is on it."""
FINEST = 160
"""A finer grid than this many points a side is thinned: the picture has no more room."""

Size = tuple[int, int]
Margins = tuple[float, float, float, float]
"""Left, bottom, right, top; pixels."""


def background_svg(view: LossView, size: Size, margins: Margins) -> str:
    """SVG of the loss over its domain, inside the margins of a figure; empty without a grid."""
    if view.grid is None:
        return ""
    x, y, gap = view.grid
    return bands_svg(x, y, log_heights(gap), size, margins)


def bands_svg(x: Array, y: Array, level: Array, size: Size, margins: Margins, tint: float = TINT) -> str:
    """SVG of heights from 0 to 1, ``level``, at each (y, x); y is empty in one dimension."""
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
    """The regions above each contour, low to high."""
    import contourpy

    thin = max(1, -(-max(level.shape) // FINEST))
    lines = contourpy.contour_generator(
        x[::thin], y[::thin], level[::thin, ::thin], fill_type=contourpy.FillType.OuterOffset
    )
    edge = f'stroke="{colour_token("paper")}" stroke-opacity="0.55" stroke-width="7"'
    return [
        f'<path transform="scale(.1)" fill-rule="evenodd" {edge} d="{outline}"/>'
        for cut in np.arange(1, BANDS) / BANDS
        if (outline := "".join(map(_outline, *lines.filled(cut, 2.0))))
    ]


def _outline(points: Array, offsets: Array) -> str:
    """The rings as SVG path data in tenths of a pixel, each point told from the one before: a third of the bytes."""
    rings = (_without_straight(points[begin : end - 1]) for begin, end in pairwise(offsets.tolist()))
    return "".join(f"M{_steps(np.round(10 * ring).astype(int))}z" for ring in rings if len(ring) > 2)


def _steps(ring: npt.NDArray[np.int_]) -> str:
    first, steps = ring[0], np.diff(ring, axis=0)
    steps = steps[steps.any(axis=1)]
    told = " ".join(map(str, steps.ravel().tolist()))
    return f"{first[0]} {first[1]}l{told}".replace(" -", "-")


def _without_straight(ring: Array) -> Array:
    """The ring without the points that nobody misses: Douglas and Peucker (1973), all parts of one depth at once."""
    keep = np.zeros(len(ring), bool)
    keep[[0, -1]] = True
    while True:
        ends = np.flatnonzero(keep)
        at = np.searchsorted(ends, np.arange(len(ring)), side="right").clip(1, len(ends) - 1)
        begin, end = ring[ends[at - 1]], ring[ends[at]]
        along = end - begin
        share = ((ring - begin) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-9)
        off = np.hypot(*(ring - begin - along * share.clip(0, 1)[:, None]).T)
        farthest = np.maximum.reduceat(off, ends[:-1])
        found = (off == farthest[at - 1]) & (off > FLAT)
        if not (found & ~keep).any():
            return ring[keep]
        keep |= found


def _strips(y: Array, level: Array, left: float, width: float) -> list[str]:
    """Horizontal strips across the whole width: the loss of one coordinate does not change with the step."""
    tone = np.ceil(level * BANDS).astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(tone)) + 1).tolist(), len(y)]
    edges = np.concatenate([[y[0]], (y[1:] + y[:-1]) / 2, [y[-1]]])
    return [
        f'<rect x="{left:g}" width="{width:g}" y="{edges[end]:.1f}" height="{edges[begin] - edges[end]:.1f}" '
        f'fill-opacity="{1 - (1 - TINT) ** int(tone[begin]):.3f}"/>'
        for begin, end in pairwise(cuts)
    ]


def log_heights(gap: Array) -> Array:
    """The gap on a logarithmic scale from 0 to 1 with robust ends; not finite counts as highest."""
    finite = gap[np.isfinite(gap)]
    if not len(finite):
        return np.ones_like(gap)
    lowest, middle, highest = np.quantile(finite, [0.01, 0.5, 0.98])
    # Where an exponential explodes at one side, six powers of ten above the middle are enough.
    top = max(float(min(highest, 1e6 * middle) if middle > 0 else highest), 1e-300)
    least = max(float(lowest), 1e-12 * top, 1e-300)
    power = np.log10(np.where(np.isfinite(gap), np.maximum(gap, least), np.inf))
    low, high = np.log10(least), np.log10(max(top, least * 10))
    height: Array = np.clip((power - low) / (high - low), 0, 1)
    return height
