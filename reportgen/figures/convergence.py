"""How fast the gap closes: the median over starts of every optimizer at its best rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, initial_gaps, median_gap
from reportgen.analysis.number_format import number, rate
from reportgen.figures.lines import MARGINS, MOST, Line, draw_lines
from reportgen.figures.scales import GapScale, gap_scale, step_axis
from reportgen.figures.style import WIDE, colour_token, series_style
from reportgen.figures.svg import axes_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "no run has kept its history"
"""What is said where all failed, or traces are not kept."""


def named_optimizers(view: LossView) -> list[str]:
    """The optimizers that have a name: all, or the best where there are too many; in the manifest's order."""
    kept = sorted(view.best.values(), key=lambda cell: (-cell["reached"], cell["gap_median"]))[:MOST]
    names = {cell["optimizer"] for cell in kept}
    return [name for name in view.optimizers if name in names]


def draw_convergence(view: LossView) -> str:
    """The median gap over steps, both logarithmic."""
    curves = {name: median_gap(view.curve_runs(name)) for name in view.optimizers}
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    scale = gap_scale([gaps for _, gaps in curves.values()], initial_gaps(view), min(view.results.manifest["targets"]))
    lines = {name: _line(view, name, *curve, scale) for name, curve in curves.items()}
    named = named_optimizers(view)

    def draw(axes: Axes) -> None:
        step_axis(axes, int(view.results.manifest["steps"]))
        scale.apply(axes)
        axes.spines["left"].set_visible(False)
        if not curves:
            axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center", color=colour_token("context"))
        draw_lines(
            axes,
            [line for name, line in lines.items() if name in named],
            [line for name, line in lines.items() if name not in named],
        )

    return axes_svg(WIDE, MARGINS, draw)


def alt_convergence(view: LossView) -> str:
    """What the drawing of ``draw_convergence`` shows, in words."""
    if not any(map(view.curve_runs, named_optimizers(view))):
        return f"No curves on {view.label}: {NOTHING}."
    told = []
    for name in named_optimizers(view):
        gaps = median_gap(view.curve_runs(name))[1]
        end = f"{number(gaps[-1])} in the end" if len(gaps) and np.isfinite(gaps[-1]) else "lost"
        told.append(f"{name} at {rate(view.best[name]['learning_rate'])}: {end}")
    return f"Median gap over steps on {view.label}. " + "; ".join(told) + "."


def _line(view: LossView, name: str, steps: Array, gaps: Array, scale: GapScale) -> Line:
    finite = np.isfinite(gaps)
    x, y = np.log10(steps + 1), scale(gaps)
    look = series_style(view.optimizers.index(name))
    return Line(name, look, x[finite], y[finite], lost=not finite.all())
