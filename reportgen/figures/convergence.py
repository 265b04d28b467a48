"""How fast the gap closes: the median over starts of every optimizer at its best rate, each line named at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.numbers import number, rate
from reportgen.analysis.oneloss import OneLoss, initial_gaps, median_gap
from reportgen.figures.scales import GapScale, gap_scale, step_axis
from reportgen.figures.style import WIDE, dash_pattern, sentinel, series
from reportgen.figures.svg import drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGINS = (46.0, 40.0, 136.0, 12.0)
MOST = 12
"""More lines than this are not drawn: the best are."""
LINE_HEIGHT = 15.0
NOTHING = "no run has kept its history"
"""What is said where all failed, or traces are not kept."""


def shown(view: OneLoss) -> list[str]:
    """The optimizers that are drawn: all, or the best where there are too many; in the manifest's order."""
    kept = sorted(view.best.values(), key=lambda cell: (-cell["reached"], cell["gap_median"]))[:MOST]
    names = {cell["optimizer"] for cell in kept}
    return [name for name in view.optimizers if name in names]


def draw_convergence(view: OneLoss) -> str:
    """The median gap over steps, both logarithmic."""
    curves = {name: median_gap(view.curve_runs(name)) for name in shown(view)}
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    scale = gap_scale([gaps for _, gaps in curves.values()], initial_gaps(view), min(view.results.manifest["targets"]))

    def draw(axes: Axes) -> None:
        step_axis(axes, int(view.results.manifest["steps"]))
        scale.apply(axes)
        axes.spines["left"].set_visible(False)
        if not curves:
            axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center", color=sentinel("context"))
        ends = [_curve(axes, view, name, *curve, scale) for name, curve in curves.items()]
        _names(axes, list(curves), [series(view.optimizers.index(name)).colour for name in curves], ends)

    return drawn(WIDE, MARGINS, draw)


def alt_convergence(view: OneLoss) -> str:
    """What the drawing of ``draw_convergence`` shows, in words."""
    if not any(map(view.curve_runs, shown(view))):
        return f"No curves on {view.label}: {NOTHING}."
    told = []
    for name in shown(view):
        gaps = median_gap(view.curve_runs(name))[1]
        end = f"{number(gaps[-1])} in the end" if len(gaps) and np.isfinite(gaps[-1]) else "lost"
        told.append(f"{name} at {rate(view.best[name]['learning_rate'])}: {end}")
    return f"Median gap over steps on {view.label}. " + "; ".join(told) + "."


def _curve(axes: Axes, view: OneLoss, name: str, steps: Array, gaps: Array, scale: GapScale) -> tuple[float, float]:
    """Draw one line; the pixel position of its end."""
    look = series(view.optimizers.index(name))
    finite = np.isfinite(gaps)
    x, y = np.log10(steps + 1), scale(gaps)
    axes.plot(
        x[finite],
        y[finite],
        color=sentinel(look.colour),
        ls=dash_pattern(look.dash),
        lw=2,
        marker=look.marker,
        ms=5.5,
        markevery=[-1] if finite.any() else [],
        mec=sentinel("paper"),
        mew=0.8,
        clip_on=False,
        zorder=3,
    )
    last = int(np.flatnonzero(finite)[-1]) if finite.any() else 0
    if not finite.all():
        axes.plot(x[last], y[last], "x", ms=8, mew=2, color=sentinel(look.colour), zorder=4, clip_on=False)
    place = axes.transData.transform((x[last], y[last]))
    return float(place[0]), float(place[1])


def _names(axes: Axes, names: list[str], colours: list[str], ends: list[tuple[float, float]]) -> None:
    """Each name in the right margin at the height of its line's end, pushed apart where they would touch."""
    left, bottom, width, height = axes.bbox.bounds
    at = spread([y for _, y in ends], LINE_HEIGHT, bottom + 2, bottom + height)
    for name, colour, (x, y), label in zip(names, colours, ends, at, strict=True):
        text = name if len(name) <= 17 else f"{name[:16]}…"
        edge = left + width
        axes.annotate(
            text,
            (edge + 20, label),
            xycoords="figure pixels",
            color=sentinel(colour),
            va="center",
            fontsize=12.5,
            annotation_clip=False,
        )
        if math.hypot(x - edge - 18, y - label) > 12:
            axes.annotate(
                "",
                (max(x + 4, min(edge + 3, x + 4)), y),
                (edge + 18, label),
                xycoords="figure pixels",
                textcoords="figure pixels",
                arrowprops={"arrowstyle": "-", "color": sentinel("context"), "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
                annotation_clip=False,
                zorder=1,
            )


def spread(wanted: list[float], apart: float, low: float, high: float) -> list[float]:
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
