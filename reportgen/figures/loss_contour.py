"""A loss by itself: contours with its minima, local minima, saddles and standard start, or a curve in one dimension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.number_format import and_list, count
from reportgen.figures.contour_background import bands_svg, log_heights
from reportgen.figures.scales import few_ticks
from reportgen.figures.style import PANEL, colour_token
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import round_labels, x_ticks, y_ticks
from reportgen.loss import Loss, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (44.0, 26.0, 14.0, 10.0)
_TELLING = 0.2
"""A scale on which the middle half of the heights is further apart than this tells enough."""
_JUMP, _TURNS = 0.12, 0.4
TINT = 0.11
"""Of one band: stronger than under paths, since nothing lies over it."""
MARKS = {"start": ("o", 7.0), "saddles": ("X", 9.0), "local_minima": ("^", 9.0), "minima": ("*", 15.0)}
"""Marker and size of each kind of point, the uppermost last."""


def draw_contour(loss: Loss, x: Array, y: Array, values: Array) -> str:
    """The SVG of a loss in one or two dimensions, with ``values`` [len(y), len(x)] on a grid (y empty: a curve)."""
    if len(y):
        ground = bands_svg(x, y, height_levels(loss, values), PANEL, MARGINS, TINT)
        return axes_svg(PANEL, MARGINS, lambda axes: _contour(axes, loss), ground)
    return axes_svg(PANEL, MARGINS, lambda axes: _curve(axes, loss, x, values.ravel()))


def alt_contour(loss: Loss) -> str:
    """What the picture shows, in words."""
    kinds = (("minima", "minimizer"), ("local_minima", "local minimizer"), ("saddles", "saddle"))
    marked = [count(len(points), noun) for fact, noun in kinds if (points := _shown(loss, fact))]
    what = "Curve" if loss.dim == 1 else "Contours"
    return f"{what} of {loss.label} over its domain; marked: {and_list([*marked, 'the standard start'])}."


def height_levels(loss: Loss, values: Array) -> Array:
    """Heights from 0 to 1: the logarithm of the gap where that tells much apart, else the gap itself.

    Of a loss that is unbounded below, values near the middle one are told apart, of whatever sign.
    """
    if not np.isfinite(loss.minimum):
        return _robust(_bent(values), 0.01, 0.99)
    gap = values - loss.minimum
    offered = [log_heights(gap), _robust(gap, 0.01, 0.99), _robust(gap, 0.0, 1.0)]
    return next((level for level in offered if _spread(level) > _TELLING), max(offered, key=np.std))


def _spread(level: Array) -> float:
    """How far apart the middle half of the heights is."""
    low, high = np.quantile(level, [0.25, 0.75])
    return float(high - low)


def too_fine(loss: Loss, values: Array) -> bool:
    """Whether the grid is so coarse for the loss that a picture would show waves which are not there.

    Then the heights jump from one point to the next, or every other point is higher than both of its neighbours.
    """
    if values.shape[0] == 1:
        return False
    level = height_levels(loss, values)
    jumps = max(float(np.abs(np.diff(level, axis=axis)).mean()) for axis in (0, 1))
    slopes = [np.sign(np.diff(values, axis=axis)) for axis in (0, 1)]
    turns = max(float((each[1:] * each[:-1] < 0).mean()) for each in (slopes[0], slopes[1].T))
    return jumps > _JUMP or turns > _TURNS


def central_part(loss: Loss) -> Loss:
    """The loss on the part about its first minimizer, or about the middle, that is a quarter as wide and as high."""
    centre = loss.minima[0] if loss.minima else [(low + high) / 2 for low, high in loss.domain]
    parts = []
    for at, (low, high) in zip(centre, loss.domain, strict=True):
        width = (high - low) / 4
        begin = min(max(at - width / 2, low), high - width)
        parts.append((begin, begin + width))
    return replace(loss, domain=tuple(parts))


def _bent(values: Array) -> Array:
    """Values on a scale that is linear about the median and logarithmic far from it."""
    finite = values[np.isfinite(values)]
    low, median, high = np.quantile(finite, [0.25, 0.5, 0.75]) if len(finite) else (0.0, 0.0, 1.0)
    return np.asarray(np.arcsinh((values - median) / max(high - low, 1e-300)))


def _robust(values: Array, low: float, high: float) -> Array:
    """Values from one quantile to another as 0 to 1; from the least to the largest if that is nearly nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.ones_like(values)
    least, most = np.quantile(finite, [low, high])
    if most - least <= 0.01 * (finite.max() - finite.min()):
        least, most = finite.min(), finite.max()
    with np.errstate(invalid="ignore"):
        level = np.clip((values - least) / max(most - least, 1e-300), 0, 1)
    return np.where(np.isnan(level), 1.0, level)


def _contour(axes: Axes, loss: Loss) -> None:
    axes.spines[["left", "bottom"]].set_visible(False)
    (left, right), (bottom, top) = loss.domain
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    _ticks(axes, few_ticks(left, right), few_ticks(bottom, top))
    for fact in MARKS:
        _mark(axes, fact, _shown(loss, fact))


def _curve(axes: Axes, loss: Loss, x: Array, values: Array) -> None:
    """The curve, with its y axis cut where a few values would flatten the rest."""
    finite = values[np.isfinite(values)]
    low, usual, high = np.quantile(finite, [0.0, 0.75, 1.0])
    top = high if high - low < 20 * (usual - low) else low + 3 * (usual - low)
    margin = 0.06 * ((top - low) or 1.0)
    axes.set_xlim(*loss.domain[0])
    axes.set_ylim(low - margin, top + margin)
    _ticks(axes, few_ticks(*loss.domain[0]), few_ticks(low - margin, top + margin))
    axes.plot(x, values, color=colour_token("field"), lw=1.8)
    for fact in MARKS:
        _mark(axes, fact, [(p[0], float(np.interp(p[0], x, values))) for p in _shown(loss, fact)])


def _ticks(axes: Axes, x: list[float], y: list[float]) -> None:
    x_ticks(axes, *round_labels(x))
    y_ticks(axes, *round_labels(y))


def _mark(axes: Axes, fact: str, points: Sequence[Point]) -> None:
    marker, size = MARKS[fact]
    face = colour_token("paper" if fact == "start" else "ink")
    edge = colour_token("ink" if fact == "start" else "paper")
    for point in points:
        axes.plot(
            *point, marker=marker, ms=size, color=face, mec=edge, mew=1.4 if fact == "start" else 1.1, clip_on=False
        )


def _shown(loss: Loss, fact: str) -> list[Point]:
    """The points that are inside the picture."""
    points = [loss.start] if fact == "start" else getattr(loss, fact)
    return list(_inside(loss, points))


def _inside(loss: Loss, points: Sequence[Point]) -> Iterator[Point]:
    for point in points:
        if all(low <= c <= high for c, (low, high) in zip(point, loss.domain, strict=True)):
            yield point
