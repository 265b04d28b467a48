"""A loss alone: contours or a curve, with its minima, local minima, saddles and standard start."""

from __future__ import annotations

from collections.abc import Sequence
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
_SPREAD = 0.2
"""A scale is good if the quartiles of the heights differ by more than this."""
_JUMP, _TURNS = 0.12, 0.4
"""The grid is too coarse above this mean difference of neighbouring heights, or this share of turning points."""
TINT = 0.11
"""Opacity of one band, stronger than under paths."""
MARKS = {"start": ("o", 7.0), "saddles": ("X", 9.0), "local_minima": ("^", 9.0), "minima": ("*", 15.0)}
"""Marker and size of each kind of point, the topmost last."""


def draw_contour(loss: Loss, x: Array, y: Array, values: Array) -> str:
    """The SVG of a loss in one or two dimensions.

    Args:
        loss: its domain and marked points.
        x: float [columns].
        y: float [rows]; empty for a curve.
        values: the loss, float [rows, columns], or [columns] for a curve.
    """
    if len(y):
        background = bands_svg(x, y, height_levels(loss, values), PANEL, MARGINS, TINT)
        return axes_svg(PANEL, MARGINS, lambda axes: _draw_contour(axes, loss), background)
    return axes_svg(PANEL, MARGINS, lambda axes: _draw_curve(axes, loss, x, values.ravel()))


def alt_contour(loss: Loss) -> str:
    """The text alternative of ``draw_contour``."""
    kinds = (("minima", "minimizer"), ("local_minima", "local minimizer"), ("saddles", "saddle"))
    marked = [count(len(points), noun) for kind, noun in kinds if (points := _points_in_domain(loss, kind))]
    noun = "Curve" if loss.dim == 1 else "Contours"
    return f"{noun} of {loss.label} over its domain; marked: {and_list([*marked, 'the standard start'])}."


def height_levels(loss: Loss, values: Array) -> Array:
    """Heights from 0 to 1, float of the shape of ``values``.

    They are the logarithm of the gap if that separates the values well, otherwise the gap. For a loss that is unbounded
    below, the scale resolves values near the median.
    """
    if not np.isfinite(loss.minimum):
        return _robust_scale(_symmetric_log(values), 0.01, 0.99)
    gap = values - loss.minimum
    scales = [log_heights(gap), _robust_scale(gap, 0.01, 0.99), _robust_scale(gap, 0.0, 1.0)]
    return next((level for level in scales if _interquartile_range(level) > _SPREAD), max(scales, key=np.std))


def _interquartile_range(level: Array) -> float:
    low, high = np.quantile(level, [0.25, 0.75])
    return float(high - low)


def too_fine(loss: Loss, values: Array) -> bool:
    """Whether the loss is too fine for its grid: a picture would show waves that do not exist.

    Then the heights jump from one point to the next, or every other point is above or below both neighbours.

    Args:
        loss: the loss.
        values: float [rows, columns].
    """
    if values.shape[0] == 1:
        return False
    level = height_levels(loss, values)
    jumps = max(float(np.abs(np.diff(level, axis=axis)).mean()) for axis in (0, 1))
    slopes = [np.sign(np.diff(values, axis=axis)) for axis in (0, 1)]
    turns = max(float((each[1:] * each[:-1] < 0).mean()) for each in (slopes[0], slopes[1].T))
    return jumps > _JUMP or turns > _TURNS


def central_part(loss: Loss) -> Loss:
    """The loss on a quarter of each axis around its first minimizer, or around the middle of its domain."""
    centre = loss.minima[0] if loss.minima else [(low + high) / 2 for low, high in loss.domain]
    domain = []
    for at, (low, high) in zip(centre, loss.domain, strict=True):
        width = (high - low) / 4
        begin = min(max(at - width / 2, low), high - width)
        domain.append((begin, begin + width))
    return replace(loss, domain=tuple(domain))


def _symmetric_log(values: Array) -> Array:
    """Values on a scale that is linear around the median and logarithmic far from it."""
    finite = values[np.isfinite(values)]
    low, median, high = np.quantile(finite, [0.25, 0.5, 0.75]) if len(finite) else (0.0, 0.0, 1.0)
    return np.asarray(np.arcsinh((values - median) / max(high - low, 1e-300)))


def _robust_scale(values: Array, low: float, high: float) -> Array:
    """Values between two quantiles as 0 to 1; between minimum and maximum if the quantiles are almost equal."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.ones_like(values)
    least, most = np.quantile(finite, [low, high])
    if most - least <= 0.01 * (finite.max() - finite.min()):
        least, most = finite.min(), finite.max()
    with np.errstate(invalid="ignore"):
        level = np.clip((values - least) / max(most - least, 1e-300), 0, 1)
    return np.where(np.isnan(level), 1.0, level)


def _draw_contour(axes: Axes, loss: Loss) -> None:
    axes.spines[["left", "bottom"]].set_visible(False)
    (left, right), (bottom, top) = loss.domain
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    _write_ticks(axes, few_ticks(left, right), few_ticks(bottom, top))
    for kind in MARKS:
        _mark(axes, kind, _points_in_domain(loss, kind))


def _draw_curve(axes: Axes, loss: Loss, x: Array, values: Array) -> None:
    """Draw the curve. The y axis is cut if a few large values would flatten the rest."""
    finite = values[np.isfinite(values)]
    low, quartile, high = np.quantile(finite, [0.0, 0.75, 1.0])
    top = high if high - low < 20 * (quartile - low) else low + 3 * (quartile - low)
    margin = 0.06 * ((top - low) or 1.0)
    axes.set_xlim(*loss.domain[0])
    axes.set_ylim(low - margin, top + margin)
    _write_ticks(axes, few_ticks(*loss.domain[0]), few_ticks(low - margin, top + margin))
    axes.plot(x, values, color=colour_token("field"), lw=1.8)
    for kind in MARKS:
        _mark(axes, kind, [(p[0], float(np.interp(p[0], x, values))) for p in _points_in_domain(loss, kind)])


def _write_ticks(axes: Axes, x: list[float], y: list[float]) -> None:
    x_ticks(axes, *round_labels(x))
    y_ticks(axes, *round_labels(y))


def _mark(axes: Axes, kind: str, points: Sequence[Point]) -> None:
    marker, size = MARKS[kind]
    face = colour_token("paper" if kind == "start" else "ink")
    edge = colour_token("ink" if kind == "start" else "paper")
    for point in points:
        axes.plot(
            *point, marker=marker, ms=size, color=face, mec=edge, mew=1.4 if kind == "start" else 1.1, clip_on=False
        )


def _points_in_domain(loss: Loss, kind: str) -> list[Point]:
    """The points of a kind in ``MARKS`` that are inside the picture."""
    points: Sequence[Point] = [loss.start] if kind == "start" else getattr(loss, kind)
    return [
        point for point in points if all(low <= c <= high for c, (low, high) in zip(point, loss.domain, strict=True))
    ]
