"""One optimizer on one loss before and after a change: both median curves, and both paths on the same background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, gap_quartiles, initial_gaps, median_gap, tightest_gap
from reportgen.analysis.number_format import count, rate
from reportgen.figures.contour_background import background_svg
from reportgen.figures.convergence import NO_TRAJECTORIES, end_in_words
from reportgen.figures.lines import NAME_HEIGHT, spread_labels
from reportgen.figures.paths import MARGINS, draw_path, is_drawable, mark_minima, set_frame
from reportgen.figures.scales import GapScale, gap_scale, step_axis
from reportgen.figures.style import PANEL, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE_MARGINS = (62.0, 40.0, 46.0, 12.0)
"""Left, bottom, right, top, CSS pixels."""
FEWEST_RUNS = 4
"""With fewer runs there is no band between the quartiles."""
MOST_STARTS = 3
"""Each start has two paths; with more starts they would hide each other."""


@dataclass(frozen=True)
class ChangeSide:
    """One side of a change, and how it is drawn."""

    word: str
    """``base`` or ``head``."""
    view: LossView
    colour: str
    """A name in ``COLOURS``."""
    dash: str
    """An SVG dash array; empty for a solid line."""


@dataclass(frozen=True)
class BeforeAfter:
    """One configuration of base and one of head, of the same optimizer on the same loss."""

    before: LossView
    """With the runs of that configuration only, and the background of ``after``."""
    after: LossView
    """With the runs of that configuration only."""
    optimizer: str

    @property
    def sides(self) -> list[ChangeSide]:
        """Both sides; the optimizer has its colour in head's report."""
        colour = series_style(self.after.optimizers.index(self.optimizer)).colour
        return [ChangeSide("base", self.before, "quiet", "5 3"), ChangeSide("head", self.after, colour, "")]

    @property
    def has_paths(self) -> bool:
        """Whether any path can be drawn."""
        return is_drawable(self.after) and any(side.view.drawn_runs(self.optimizer) for side in self.sides)

    @property
    def without_trajectories(self) -> list[str]:
        """The words of the sides without a trajectory."""
        return [side.word for side in self.sides if not side.view.best_runs(self.optimizer)]


def draw_curves(change: BeforeAfter) -> str:
    """The SVG of the median gaps by step, each curve named at its end, with the bands between the quartiles."""
    runs = [side.view.curve_runs(change.optimizer) for side in change.sides]
    curves = [median_gap(each) for each in runs]
    bands = [gap_quartiles(each) if len(each) >= FEWEST_RUNS else None for each in runs]
    shown = [gaps for _, gaps in curves] + [gaps for band in bands if band for gaps in band[1:]]
    initial = np.concatenate([initial_gaps(side.view) for side in change.sides])
    steps = change.after.manifest.steps
    scale = gap_scale(shown, initial, tightest_gap(change.after))

    def draw(axes: Axes) -> None:
        step_axis(axes, steps)
        scale.apply(axes, "median gap")
        axes.spines["left"].set_visible(False)
        drawn = [(side, curve) for side, curve in zip(change.sides, curves, strict=True) if len(curve[0])]
        if not drawn:
            quiet = colour_token("quiet")
            axes.text(0.5, 0.5, NO_TRAJECTORIES, transform=axes.transAxes, ha="center", color=quiet, fontsize=SIZE)
        for side, band in zip(change.sides, bands, strict=True):
            if band:
                _draw_band(axes, band, scale, side)
        heights = [_draw_curve(axes, curve, steps, scale, side) for side, curve in drawn]
        _write_names(axes, [side for side, _ in drawn], heights)

    return axes_svg(PANEL, CURVE_MARGINS, draw)


def draw_path_overlay(change: BeforeAfter) -> str:
    """The SVG of the paths of both sides from the first starts, those of before dashed and grey."""

    def draw(axes: Axes) -> None:
        set_frame(axes, change.after)
        for side in change.sides:
            dash = dash_pattern(side.dash)
            for place, run in enumerate(side.view.drawn_runs(change.optimizer)[:MOST_STARTS]):
                draw_path(axes, change.after, run, side.colour, dash, strong=place == 0, label_positions=None)
        mark_minima(axes, change.after)

    return axes_svg(PANEL, MARGINS, draw, background_svg(change.after, PANEL, MARGINS))


def alt_curves(change: BeforeAfter) -> str:
    """The text alternative of ``draw_curves``."""
    parts = [f"{side.word} at learning rate {_rate(side.view)}: {_end(change, side)}" for side in change.sides]
    return f"Median gap of {change.optimizer} on {change.after.label} by step; {'; '.join(parts)}."


def alt_path_overlay(change: BeforeAfter) -> str:
    """The text alternative of ``draw_path_overlay``."""
    parts = []
    for side in change.sides:
        runs = side.view.drawn_runs(change.optimizer)[:MOST_STARTS]
        outcomes = dict.fromkeys(run.outcome for run in runs)
        counts = ", ".join(f"{sum(run.outcome == outcome for run in runs)} {outcome}" for outcome in outcomes)
        where = f"{side.word} at learning rate {_rate(side.view)} from {count(len(runs), 'start')}"
        parts.append(f"{where}: {counts or NO_TRAJECTORIES}")
    return f"Paths of {change.optimizer} on {change.after.label}; {'; '.join(parts)}."


def _rate(view: LossView) -> str:
    return rate(float(view.cells["learning_rate"].iloc[0]))


def _end(change: BeforeAfter, side: ChangeSide) -> str:
    gaps = median_gap(side.view.curve_runs(change.optimizer))[1]
    return end_in_words(gaps) if len(gaps) else NO_TRAJECTORIES


def _draw_band(axes: Axes, band: tuple[Array, Array, Array], scale: GapScale, side: ChangeSide) -> None:
    """Draw the band between the quartiles of all runs of a side."""
    steps, low, high = band
    colour = colour_token(side.colour)
    axes.fill_between(np.log10(steps + 1), scale(low), scale(high), color=colour, alpha=0.14, lw=0, zorder=1)


def _draw_curve(axes: Axes, curve: tuple[Array, Array], last_step: int, scale: GapScale, side: ChangeSide) -> float:
    """Draw one curve, with a cross if it ends early. Returns the height of its end in pixels."""
    steps, gaps = curve
    finite = np.isfinite(gaps)
    is_complete = finite.all() and steps[-1] == last_step
    x, y, colour = np.log10(steps + 1), scale(gaps), colour_token(side.colour)
    axes.plot(x[finite], y[finite], color=colour, ls=dash_pattern(side.dash), lw=2, clip_on=False, zorder=3)
    last = int(np.flatnonzero(finite)[-1]) if finite.any() else 0
    marker, size, edge = ("o", 6.0, 0.8) if is_complete else ("x", 8.0, 2.0)
    edge_colour = colour_token("paper") if is_complete else colour
    axes.plot(x[last], y[last], marker, ms=size, mew=edge, color=colour, mec=edge_colour, zorder=4, clip_on=False)
    return float(axes.transData.transform((x[last], y[last]))[1])


def _write_names(axes: Axes, sides: list[ChangeSide], heights: list[float]) -> None:
    left, bottom, width, height = axes.bbox.bounds
    positions = spread_labels(heights, NAME_HEIGHT, bottom + 2, bottom + height)
    for side, y in zip(sides, positions, strict=True):
        axes.annotate(
            side.word,
            (left + width + 8, y),
            xycoords="figure pixels",
            color=colour_token(side.colour),
            fontsize=SIZE,
            va="center",
            annotation_clip=False,
        )
