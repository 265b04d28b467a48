"""The paths of runs: over the contours of a loss in two dimensions, by step in one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import SHOWN_STARTS, LossView, Trajectory
from reportgen.analysis.number_format import and_list, count, number, rate
from reportgen.figures.scales import few_ticks, step_axis
from reportgen.figures.style import PANEL, THUMBNAIL, LineStyle, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import SIZE, round_labels, x_ticks, y_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (38.0, 34.0, 14.0, 16.0)
"""Left, bottom, right, top, CSS pixels."""
NO_MARGINS = (0.0, 0.0, 0.0, 0.0)
START, END, LEFT, STARTS = "start", "end", "left the plot area", "other starts"
MINIMUM, PROJECTED = "minimum", "projected minimum"
"""Words of a legend."""
LabelPositions = list[tuple[float, float]]
"""Pixels of the labels that are drawn already."""


def is_drawable(view: LossView) -> bool:
    """Whether paths can be drawn: the loss has one or two dimensions, or a plane onto which paths are projected."""
    return view.info.dim in (1, 2) or view.plane is not None


def draw_paths(view: LossView, optimizer: str, background: str) -> str:
    """The SVG of the paths of an optimizer's best configuration, strong from the first start and faint from others.

    Args:
        view: the loss.
        optimizer: its label.
        background: made by ``background_svg`` for ``PANEL`` and ``MARGINS``.
    """
    runs = view.drawn_runs(optimizer)[:SHOWN_STARTS]
    colour = series_style(view.optimizers.index(optimizer)).colour
    name = f"{optimizer} at learning rate {rate(view.best[optimizer].learning_rate)}"

    def draw(axes: Axes) -> None:
        set_frame(axes, view)
        labels: LabelPositions = []
        for run in reversed(runs):
            strong = run.start == runs[0].start or view.plane is not None
            draw_path(axes, view, run, colour, "-", strong=strong, label_positions=labels, name=name if strong else "")
        mark_minima(axes, view)

    return axes_svg(PANEL, MARGINS, draw, background)


def draw_thumbnail(view: LossView, background: str) -> str:
    """The SVG of the paths of the best optimizers, at their best learning rates, from the first start.

    Args:
        view: the loss.
        background: made by ``background_svg`` for ``THUMBNAIL`` and ``NO_MARGINS``.
    """
    return axes_svg(THUMBNAIL, NO_MARGINS, lambda axes: plot_thumbnail(axes, view), background)


def draw_best_paths(view: LossView) -> str:
    """The SVG of the paths of the thumbnail with axes, without the background."""

    def draw(axes: Axes) -> None:
        set_frame(axes, view)
        _plot_best(axes, view)

    return axes_svg(PANEL, MARGINS, draw)


def plot_thumbnail(axes: Axes, view: LossView) -> None:
    """Draw the paths of the thumbnail on existing axes."""
    _set_limits(axes, view)
    _plot_best(axes, view)


def _plot_best(axes: Axes, view: LossView) -> None:
    for optimizer in reversed(thumbnail_optimizers(view)):
        style = series_style(view.optimizers.index(optimizer))
        for run in view.drawn_runs(optimizer)[:1]:
            dash = dash_pattern(style.dash)
            draw_path(axes, view, run, style.colour, dash, strong=True, label_positions=None, name=optimizer)
    mark_minima(axes, view)


def alt_paths(view: LossView, optimizer: str) -> str:
    """The text alternative of ``draw_paths``."""
    runs = view.drawn_runs(optimizer)[:SHOWN_STARTS]
    if not runs:
        return f"No trajectory was recorded for {optimizer} on {view.label}."
    outside = sum(exit_index(points_of(run, view), box_of(view)) is not None for run in runs)
    outcomes = dict.fromkeys(run.outcome for run in runs)
    counts = ", ".join(f"{sum(run.outcome == outcome for run in runs)} {outcome}" for outcome in outcomes)
    where = f"on {view.label} at learning rate {rate(view.best[optimizer].learning_rate)}"
    starts = count(len(runs), "start")
    return (
        f"Paths of {optimizer} {where} from {starts}: {counts}; {outside or 'none'} outside the plot area at the end."
    )


def alt_thumbnail(view: LossView) -> str:
    """The text alternative of ``draw_thumbnail``."""
    names = and_list(thumbnail_optimizers(view))
    return f"Paths of {names} on {view.label} from {view.from_start}, each at its best learning rate."


def thumbnail_optimizers(view: LossView) -> list[str]:
    """The optimizers of the thumbnail, the best first. More than three would hide each other."""
    return [cell.optimizer for cell in view.best_first if view.drawn_runs(cell.optimizer)][:3]


def _set_limits(axes: Axes, view: LossView) -> None:
    axes.spines[["left", "bottom"]].set_visible(False)
    if view.info.dim == 1:
        axes.set_xlim(0, math.log10(view.manifest.steps + 1))
        axes.set_ylim(*view.box[0])
        return
    axes.set_xlim(*view.box[0])
    axes.set_ylim(*view.box[1])


def set_frame(axes: Axes, view: LossView) -> None:
    """Set the limits and ticks of the picture of a loss."""
    _set_limits(axes, view)
    if view.info.dim == 1:
        step_axis(axes, view.manifest.steps)
        y_ticks(axes, *round_labels(few_ticks(*view.box[0])), "x")
        return
    titles = ("1st direction", "2nd direction") if view.plane else ("x", "y")
    x_ticks(axes, *round_labels(few_ticks(*view.box[0])), titles[0])
    y_ticks(axes, *round_labels(few_ticks(*view.box[1])), titles[1])


def mark_minima(axes: Axes, view: LossView) -> None:
    """Draw the known minima."""
    for point in view.minima.tolist():
        if len(point) == 1:
            axes.axhline(point[0], color=colour_token("ink"), lw=0.8, dashes=(2, 3), zorder=1)
            point = (axes.get_xlim()[1], point[0])
        axes.plot(
            *point[:2],
            marker="*",
            ms=15,
            color=colour_token("ink"),
            mec=colour_token("paper"),
            mew=1.1,
            zorder=6,
            clip_on=False,
            ls="",
            label=PROJECTED if view.plane else MINIMUM,
        )


def points_of(run: Trajectory, view: LossView) -> Array:
    """The run as it is drawn, float [points, 2]: (x, y), or (log10(step + 1), x) in one dimension."""
    x = np.asarray(run.x)
    return x if view.info.dim != 1 else np.column_stack([np.log10(run.step + 1), x[:, 0]])


def box_of(view: LossView) -> Array:
    """The corners of the picture, float [2, 2]: low, high."""
    if view.info.dim != 1:
        return np.array(view.box, dtype=float).T
    low, high = view.box[0]
    return np.array([[-1.0, low], [math.inf, high]])


def exit_index(points: Array, box: Array) -> int | None:
    """The index of the sampled point from which on a run is outside the picture; None if it ends inside.

    Args:
        points: made by ``points_of``, float [points, 2].
        box: made by ``box_of``.
    """
    outside = ((points < box[0]) | (points > box[1])).any(axis=1)
    if not outside[-1]:
        return None
    inside = np.flatnonzero(~outside)
    return int(inside[-1]) + 1 if len(inside) else 0


def draw_path(
    axes: Axes,
    view: LossView,
    run: Trajectory,
    colour: str,
    style: LineStyle,
    *,
    strong: bool,
    label_positions: LabelPositions | None,
    name: str = "",
) -> None:
    """Draw one run.

    Args:
        axes: where to draw.
        view: the loss.
        run: with positions.
        colour: a name in ``COLOURS``.
        style: the line style.
        strong: whether the line is thick and opaque.
        label_positions: the labels that exist already, to which the step is added at which the run leaves the picture.
            None: no label is drawn.
        name: what a legend calls the path.
    """
    points, box = points_of(run, view), box_of(view)
    exit_at = exit_index(points, box)
    shown = points if exit_at is None else points[: exit_at + 1]
    token, alpha, width = colour_token(colour), 1.0 if strong else 0.5, 2.0 if strong else 1.1
    width *= path_width_factor(shown, box)
    # Clipped, because very long segments lose the precision of the part inside the picture.
    side = np.where(np.isfinite(box[1]), box[1] - box[0], 1e3)
    near = np.clip(shown, box[0] - 4 * side, np.where(np.isfinite(box[1]), box[1] + 4 * side, math.inf))
    label = name or STARTS
    axes.plot(
        near[:, 0], near[:, 1], color=token, alpha=alpha, lw=width, ls=style, zorder=4 if strong else 3, label=label
    )
    if ((points[0] >= box[0]) & (points[0] <= box[1])).all():
        size = 7.5 if strong else 5
        face, edge_width = colour_token("paper"), 1.6 if strong else 1.1
        axes.plot(*points[0], "o", ms=size, mfc=face, mec=token, mew=edge_width, zorder=5, clip_on=False, label=START)
    if exit_at is None:
        axes.plot(
            *points[-1],
            "o",
            ms=7 if strong else 4.5,
            color=token,
            mec=colour_token("paper"),
            mew=0.8,
            zorder=5,
            clip_on=False,
            label=END,
        )
    elif exit_at > 0:
        angle, edge = _draw_wedge(axes, points[exit_at - 1], points[exit_at], box, token)
        if label_positions is not None:
            _label_exit(axes, number(int(run.step[exit_at]), 6), angle, edge, label_positions)


def edge_crossing(inside: Array, outside: Array, box: Array) -> Array:
    """The point, float [2], at which the segment from ``inside`` to ``outside`` crosses the edge of the picture.

    Args:
        inside: float [2].
        outside: float [2].
        box: made by ``box_of``.
    """
    segment = outside - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(
            segment > 0,
            (box[1] - inside) / segment,
            np.where(segment < 0, (box[0] - inside) / segment, np.inf),
        )
    crossing: Array = inside + segment * min(max(float(shares.min()), 0.0), 1.0)
    return crossing


def path_width_factor(points: Array, box: Array) -> float:
    """The factor of a path's line width: smaller for a path that crosses its picture often and would fill it.

    Args:
        points: made by ``points_of``, float [points, 2].
        box: made by ``box_of``.
    """
    side = np.where(np.isfinite(box[1]), box[1] - box[0], 1e3)
    length = np.minimum(np.linalg.norm(np.diff(points, axis=0) / side, axis=1), 2.0).sum()
    return max(1 / (1 + float(length) / 12), 0.4)


def _draw_wedge(axes: Axes, inside: Array, outside: Array, box: Array, token: str) -> tuple[float, Array]:
    """Draw a wedge where the run leaves the picture. Returns its direction in degrees and its position."""
    segment, edge = outside - inside, edge_crossing(inside, outside, box)
    to_pixels = axes.transData.transform
    # Shortened, because a huge position may overflow.
    far = inside + segment * min(1.0, 1e3 / max(float(np.abs(segment).max()), 1e-300))
    start, end = to_pixels(inside), to_pixels(far)
    angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
    wedge = (3, 0, angle - 90)
    axes.plot(*edge, marker=wedge, ms=9, color=token, mew=0, zorder=5, clip_on=False, ls="", label=LEFT)
    return angle, edge


def _label_exit(axes: Axes, step: str, angle: float, edge: Array, label_positions: LabelPositions) -> None:
    """Write the step next to a wedge, unless another label is too close."""
    x, y = axes.transData.transform(edge)
    if all(abs(x - a) > 34 or abs(y - b) > 15 for a, b in label_positions):
        label_positions.append((x, y))
        back = (-12 * math.cos(math.radians(angle)), -12 * math.sin(math.radians(angle)))
        axes.annotate(
            step,
            (float(edge[0]), float(edge[1])),
            back,
            textcoords="offset points",
            fontsize=SIZE,
            color=colour_token("ink"),
            zorder=7,
            ha="right" if back[0] < -4 else "left" if back[0] > 4 else "center",
            va="top" if back[1] < -4 else "bottom" if back[1] > 4 else "center",
        )
