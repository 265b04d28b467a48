"""Convergence curves: the median gap by step, of every optimizer at its best learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, initial_gaps, median_gap, tightest_gap
from reportgen.analysis.number_format import number, rate
from reportgen.figures.lines import MARGINS, MOST_NAMED, Line, draw_lines
from reportgen.figures.scales import GapScale, gap_scale, step_axis
from reportgen.figures.style import WIDE, colour_token, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_TRAJECTORIES = "no trajectories recorded"
"""The text of a figure if all runs failed, or trajectories were not stored."""


def named_optimizers(view: LossView) -> list[str]:
    """The optimizers with a name in the figure: the best ones, in the manifest's order."""
    names = {cell.optimizer for cell in sorted(view.best.values(), key=lambda cell: cell.sort_key)[:MOST_NAMED]}
    return [name for name in view.optimizers if name in names]


def draw_convergence(view: LossView) -> str:
    """The SVG of the median gaps by step, both axes logarithmic."""
    curves = {name: median_gap(view.curve_runs(name)) for name in view.optimizers}
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    scale = gap_scale([gaps for _, gaps in curves.values()], initial_gaps(view), tightest_gap(view))
    lines = {name: _line(view, name, *curve, scale) for name, curve in curves.items()}
    named = named_optimizers(view)

    def draw(axes: Axes) -> None:
        step_axis(axes, view.manifest.steps)
        scale.apply(axes, "median gap")
        axes.spines["left"].set_visible(False)
        if not curves:
            grey = colour_token("context")
            axes.text(0.5, 0.5, NO_TRAJECTORIES, transform=axes.transAxes, ha="center", color=grey, fontsize=SIZE)
        draw_lines(
            axes,
            [line for name, line in lines.items() if name in named],
            [line for name, line in lines.items() if name not in named],
        )

    return axes_svg(WIDE, MARGINS, draw)


def alt_convergence(view: LossView) -> str:
    """The text alternative of ``draw_convergence``."""
    if not any(map(view.curve_runs, named_optimizers(view))):
        return f"No curves on {view.label}: {NO_TRAJECTORIES}."
    parts = []
    for name in named_optimizers(view):
        gaps = median_gap(view.curve_runs(name))[1]
        parts.append(f"{name} at learning rate {rate(view.best[name].learning_rate)}: {end_in_words(gaps)}")
    return f"Median gap by step on {view.label}. {'; '.join(parts)}."


def end_in_words(gaps: Array) -> str:
    """How a curve of median gaps, float [points], ends."""
    return f"{number(gaps[-1])} at the end" if len(gaps) and np.isfinite(gaps[-1]) else "escaped, diverged or failed"


def _line(view: LossView, name: str, steps: Array, gaps: Array, scale: GapScale) -> Line:
    finite = np.isfinite(gaps)
    x, y = np.log10(steps + 1), scale(gaps)
    style = series_style(view.optimizers.index(name))
    return Line(name, style, x[finite], y[finite], ends_early=not finite.all())
