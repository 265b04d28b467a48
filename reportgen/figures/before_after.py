"""An optimizer on a loss before and after a change: both median curves, and both paths over the same ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, initial_gaps, median_gap
from reportgen.analysis.number_format import count, number, rate
from reportgen.figures.contour_background import background_svg
from reportgen.figures.convergence import NOTHING
from reportgen.figures.lines import HEIGHT, spread_labels
from reportgen.figures.paths import MARGINS, draw_path, is_drawable, mark_minima, set_frame
from reportgen.figures.scales import GapScale, gap_scale, step_axis
from reportgen.figures.style import PANEL, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE_MARGINS = (46.0, 40.0, 52.0, 12.0)
STARTS = 3
"""More paths than from so many starts, each twice, would hide each other."""
BEFORE, BEFORE_DASH = "quiet", "5 3"


@dataclass(frozen=True)
class BeforeAfter:
    """One cell of base and one of head, of the same optimizer on the same loss."""

    before: LossView
    """With the runs of that cell alone, on the ground of ``after``."""
    after: LossView
    optimizer: str

    @property
    def colour(self) -> str:
        """That of the optimizer in head's report."""
        return series_style(self.after.optimizers.index(self.optimizer)).colour

    @property
    def sides(self) -> list[tuple[str, LossView, str, str]]:
        """Word, view, colour and dash of each."""
        return [("before", self.before, BEFORE, BEFORE_DASH), ("after", self.after, self.colour, "")]

    @property
    def has_paths(self) -> bool:
        """Whether a path can be drawn."""
        return is_drawable(self.after) and any(view.drawn_runs(self.optimizer) for _, view, _, _ in self.sides)

    @property
    def without_history(self) -> list[str]:
        """The words of the sides of which there is nothing to draw."""
        return [word for word, view, _, _ in self.sides if not view.best_runs(self.optimizer)]


def draw_curves(change: BeforeAfter) -> str:
    """The median gap over steps of both, each named at its end."""
    curves = [median_gap(view.curve_runs(change.optimizer)) for _, view, _, _ in change.sides]
    facts = change.after.results.manifest
    tightest, most = min(facts["targets"]), int(facts["steps"])
    initial = np.concatenate([initial_gaps(view) for _, view, _, _ in change.sides])
    scale = gap_scale([gaps for _, gaps in curves], initial, tightest)

    def draw(axes: Axes) -> None:
        step_axis(axes, most)
        scale.apply(axes)
        axes.spines["left"].set_visible(False)
        if not any(len(steps) for steps, _ in curves):
            axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center", color=colour_token("quiet"))
        shown = [(side, curve) for side, curve in zip(change.sides, curves, strict=True) if len(curve[0])]
        heights = [_curve(axes, curve, most, scale, colour, dash) for (_, _, colour, dash), curve in shown]
        _name(axes, [(word, colour) for (word, _, colour, _), _ in shown], heights)

    return axes_svg(PANEL, CURVE_MARGINS, draw)


def draw_path_overlay(change: BeforeAfter) -> str:
    """The paths of both from the first starts, those of before dashed and grey."""

    def draw(axes: Axes) -> None:
        set_frame(axes, change.after)
        for _, view, colour, dash in change.sides:
            for place, run in enumerate(view.drawn_runs(change.optimizer)[:STARTS]):
                draw_path(axes, change.after, run, colour, dash_pattern(dash), strong=place == 0, taken=None)
        mark_minima(axes, change.after)

    return axes_svg(PANEL, MARGINS, draw, background_svg(change.after, PANEL, MARGINS))


def alt_curves(change: BeforeAfter) -> str:
    """What ``draw_curves`` shows, in words."""
    told = [f"{word} at {_rate(view)}: {_end(view, change.optimizer)}" for word, view, _, _ in change.sides]
    return f"Median gap of {change.optimizer} on {change.after.label} over steps. {'; '.join(told)}."


def alt_path_overlay(change: BeforeAfter) -> str:
    """What ``draw_overlaid`` shows, in words."""
    told = []
    for word, view, _, _ in change.sides:
        runs = view.drawn_runs(change.optimizer)[:STARTS]
        ends = dict.fromkeys(run.outcome for run in runs)
        said = ", ".join(f"{sum(run.outcome == end for run in runs)} {end}" for end in ends)
        told.append(f"{word} at {_rate(view)} from {count(len(runs), 'start')}: {said or NOTHING}")
    return f"Paths of {change.optimizer} on {change.after.label}. {'; '.join(told)}."


def _rate(view: LossView) -> str:
    return rate(float(view.cells["learning_rate"].iloc[0]))


def _end(view: LossView, optimizer: str) -> str:
    gaps = median_gap(view.curve_runs(optimizer))[1]
    if not len(gaps):
        return NOTHING
    return f"{number(gaps[-1])} in the end" if np.isfinite(gaps[-1]) else "lost"


def _curve(axes: Axes, curve: tuple[Array, Array], most: int, scale: GapScale, colour: str, dash: str) -> float:
    """Draw one line, with a cross where it ends too early; the height of its end in pixels."""
    steps, gaps = curve
    finite = np.isfinite(gaps)
    whole = finite.all() and steps[-1] == most
    x, y = np.log10(steps + 1), scale(gaps)
    axes.plot(x[finite], y[finite], color=colour_token(colour), ls=dash_pattern(dash), lw=2, clip_on=False, zorder=3)
    last = int(np.flatnonzero(finite)[-1]) if finite.any() else 0
    end, size, edge = ("o", 6.0, 0.8) if whole else ("x", 8.0, 2.0)
    mark = colour_token("paper") if whole else colour_token(colour)
    axes.plot(x[last], y[last], end, ms=size, mew=edge, color=colour_token(colour), mec=mark, zorder=4, clip_on=False)
    return float(axes.transData.transform((x[last], y[last]))[1])


def _name(axes: Axes, names: list[tuple[str, str]], heights: list[float]) -> None:
    left, bottom, width, height = axes.bbox.bounds
    at = spread_labels(heights, HEIGHT, bottom + 2, bottom + height)
    for (word, colour), y in zip(names, at, strict=True):
        place = (left + width + 8, y)
        axes.annotate(
            word, place, xycoords="figure pixels", color=colour_token(colour), va="center", annotation_clip=False
        )
