"""Where runs went: over the contours of a loss in two dimensions, over steps in one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import SHOWN_STARTS, LossView, Trajectory
from reportgen.analysis.number_format import and_list, count, number, rate
from reportgen.figures.scales import few_ticks, step_axis
from reportgen.figures.style import PANEL, THUMBNAIL, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import round_labels, x_ticks, y_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (38.0, 34.0, 14.0, 16.0)
BARE = (0.0, 0.0, 0.0, 0.0)
Spread = list[tuple[float, float]]


def is_drawable(view: LossView) -> bool:
    """Whether paths can be shown: the loss has one or two coordinates, or a plane on which they are."""
    return view.facts["dim"] in (1, 2) or view.plane is not None


def draw_paths(view: LossView, optimizer: str, ground: str) -> str:
    """The paths of an optimizer's best cell from the first start (strong) and the others (faint)."""
    runs = view.drawn_runs(optimizer)[:SHOWN_STARTS]
    colour = series_style(view.optimizers.index(optimizer)).colour

    def draw(axes: Axes) -> None:
        set_frame(axes, view)
        taken: Spread = []
        for run in reversed(runs):
            draw_path(
                axes, view, run, colour, "-", strong=run.start == runs[0].start or view.plane is not None, taken=taken
            )
        mark_minima(axes, view)

    return axes_svg(PANEL, MARGINS, draw, ground)


def draw_thumbnail(view: LossView, ground: str) -> str:
    """The paths of the leading optimizers, at their best rates, from the first start."""
    return axes_svg(THUMBNAIL, BARE, lambda axes: put_thumbnail(axes, view), ground)


def put_thumbnail(axes: Axes, view: LossView) -> None:
    """The same on axes that are there."""
    _limits(axes, view)
    for optimizer in reversed(thumbnail_optimizers(view)):
        look = series_style(view.optimizers.index(optimizer))
        for run in view.drawn_runs(optimizer)[:1]:
            draw_path(axes, view, run, look.colour, dash_pattern(look.dash), strong=True, taken=None)
    mark_minima(axes, view)


def alt_paths(view: LossView, optimizer: str) -> str:
    """What the drawing of ``draw_paths`` shows, in words."""
    runs = view.drawn_runs(optimizer)[:SHOWN_STARTS]
    if not runs:
        return f"No path to draw: {optimizer} has no finished run on {view.label}."
    left = sum(exit_index(points_of(run, view), box_of(view)) is not None for run in runs)
    ends = ", ".join(
        f"{sum(r.outcome == kind for r in runs)} {kind}" for kind in dict.fromkeys(r.outcome for r in runs)
    )
    told = f"Paths of {optimizer} on {view.label} at learning rate {rate(view.best[optimizer]['learning_rate'])}"
    return f"{told} from {count(len(runs), 'start')}: {ends}; outside the picture at the end: {left or 'none'}."


def alt_thumbnail(view: LossView) -> str:
    """What the drawing of ``draw_thumbnail`` shows, in words."""
    names = and_list(thumbnail_optimizers(view))
    return f"Paths of {names} on {view.label} from {view.from_start}, each at its best learning rate."


def thumbnail_optimizers(view: LossView) -> list[str]:
    """The optimizers of the thumbnail, the best first: more than three would hide each other."""
    drawn = [cell for name, cell in view.best.items() if view.drawn_runs(name)]
    drawn.sort(key=lambda cell: (-cell["reached"], cell["gap_median"], cell["steps_to_target"]))
    return [cell["optimizer"] for cell in drawn[:3]]


def _limits(axes: Axes, view: LossView) -> None:
    axes.spines[["left", "bottom"]].set_visible(False)
    if int(view.facts["dim"]) == 1:
        axes.set_xlim(0, math.log10(int(view.results.manifest["steps"]) + 1))
        axes.set_ylim(*view.box[0])
        return
    axes.set_xlim(*view.box[0])
    axes.set_ylim(*view.box[1])


def set_frame(axes: Axes, view: LossView) -> None:
    """Set the limits and ticks of the picture of a loss."""
    _limits(axes, view)
    if int(view.facts["dim"]) == 1:
        step_axis(axes, int(view.results.manifest["steps"]))
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
        )


def points_of(run: Trajectory, view: LossView) -> Array:
    """The run as drawn: (x, y), or (log10(step + 1), x) in one dimension."""
    x = np.asarray(run.x)
    return x if int(view.facts["dim"]) > 1 else np.column_stack([np.log10(run.step + 1), x[:, 0]])


def box_of(view: LossView) -> Array:
    """The corners of the picture, shape [2, 2]: low, high."""
    if int(view.facts["dim"]) > 1:
        return np.array(view.box, dtype=float).T
    low, high = view.box[0]
    return np.array([[-1.0, low], [math.inf, high]])


def exit_index(points: Array, box: Array) -> int | None:
    """The index of the sampled point from which on a run is outside; None for one that ends inside."""
    outside = ((points < box[0]) | (points > box[1])).any(axis=1)
    if not outside[-1]:
        return None
    inside = np.flatnonzero(~outside)
    return int(inside[-1]) + 1 if len(inside) else 0


def draw_path(
    axes: Axes, view: LossView, run: Trajectory, colour: str, style: object, *, strong: bool, taken: Spread | None
) -> None:
    """Draw one run; where steps of escapes are written is kept in ``taken``, and none is written without it."""
    points, box = points_of(run, view), box_of(view)
    left = exit_index(points, box)
    shown = points if left is None else points[: left + 1]
    tone, alpha, width = colour_token(colour), 1.0 if strong else 0.5, 2.0 if strong else 1.1
    width *= path_width_factor(shown, box)
    # Far outside the picture a segment's own length would drown the part that shows.
    reach = np.where(np.isfinite(box[1]), box[1] - box[0], 1e3)
    near = np.clip(shown, box[0] - 4 * reach, np.where(np.isfinite(box[1]), box[1] + 4 * reach, math.inf))
    axes.plot(near[:, 0], near[:, 1], color=tone, alpha=alpha, lw=width, ls=style, zorder=4 if strong else 3)
    if ((points[0] >= box[0]) & (points[0] <= box[1])).all():
        size = 7.5 if strong else 5
        axes.plot(*points[0], "o", ms=size, mfc=colour_token("paper"), mec=tone, mew=1.6 if strong else 1.1, zorder=5)
    if left is None:
        axes.plot(
            *points[-1],
            "o",
            ms=7 if strong else 4.5,
            color=tone,
            mec=colour_token("paper"),
            mew=0.8,
            zorder=5,
            clip_on=False,
        )
    elif left > 0:
        _arrow(axes, points[left - 1], points[left], box, tone, str(number(int(run.step[left]), 6)), taken)


def edge_crossing(inside: Array, outside: Array, box: Array) -> Array:
    """Where the way from a point inside the picture to one outside meets its edge."""
    way = outside - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(way > 0, (box[1] - inside) / way, np.where(way < 0, (box[0] - inside) / way, np.inf))
    met: Array = inside + way * min(max(float(room.min()), 0.0), 1.0)
    return met


def path_width_factor(points: Array, box: Array) -> float:
    """How much thinner a path is drawn that crosses its picture again and again, so that it does not black it out."""
    side = np.where(np.isfinite(box[1]), box[1] - box[0], 1e3)
    length = np.minimum(np.linalg.norm(np.diff(points, axis=0) / side, axis=1), 2.0).sum()
    return max(1 / (1 + float(length) / 12), 0.4)


def _arrow(axes: Axes, inside: Array, outside: Array, box: Array, tone: str, step: str, taken: Spread | None) -> None:
    """A wedge where the run crosses the edge of the picture, with the step by which it had left."""
    way, edge = outside - inside, edge_crossing(inside, outside, box)
    to_pixels = axes.transData.transform
    start, end = to_pixels(inside), to_pixels(inside + way * min(1.0, 1e3 / max(float(np.abs(way).max()), 1e-300)))
    angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
    axes.plot(*edge, marker=(3, 0, angle - 90), ms=9, color=tone, mew=0, zorder=5, clip_on=False)
    if taken is None:
        return
    x, y = to_pixels(edge)
    if all(abs(x - a) > 34 or abs(y - b) > 15 for a, b in taken):
        taken.append((x, y))
        back = (-12 * math.cos(math.radians(angle)), -12 * math.sin(math.radians(angle)))
        axes.annotate(
            step,
            (float(edge[0]), float(edge[1])),
            back,
            textcoords="offset pixels",
            fontsize=11,
            color=colour_token("ink"),
            zorder=7,
            ha="right" if back[0] < -4 else "left" if back[0] > 4 else "center",
            va="top" if back[1] < -4 else "bottom" if back[1] > 4 else "center",
        )
