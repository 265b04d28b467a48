"""How the final gap depends on the learning rate: one optimizer in colour, the others behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.loss_view import initial_gaps
from reportgen.analysis.number_format import count, number, rate
from reportgen.figures.scales import GapScale, gap_scale, rate_axis
from reportgen.figures.style import PANEL, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from reportgen.analysis.loss_view import LossView

MARGINS = (46.0, 40.0, 12.0, 12.0)
MOST_CONTEXT = 24
"""More than this many other optimizers are not drawn behind: they would only be a blur."""


def rates_scale(view: LossView) -> GapScale:
    """The y axis that all drawings of one loss share."""
    columns = [view.cells[name].to_numpy(float) for name in ("gap_low", "gap_median", "gap_high")]
    return gap_scale(columns, initial_gaps(view), min(view.results.manifest["targets"]))


def draw_rates(view: LossView, optimizer: str, scale: GapScale) -> str:
    """Median final gap over the learning rate, with the band between the quartiles."""
    look = series_style(view.optimizers.index(optimizer))

    def draw(axes: Axes) -> None:
        others = [name for name in view.optimizers if name != optimizer]
        for other in others if len(others) <= MOST_CONTEXT else []:
            _line(axes, view.of_optimizer(other), scale, "context", "-", 1.0)
        _own(axes, view.of_optimizer(optimizer), scale, look.colour, look.dash, look.marker)
        rate_axis(axes, sorted(view.cells["learning_rate"].unique()))
        scale.apply(axes)
        axes.spines["left"].set_visible(False)

    return axes_svg(PANEL, MARGINS, draw)


def alt_rates(view: LossView, optimizer: str) -> str:
    """What the drawing of ``draw_rates`` shows, in words."""
    cells = view.of_optimizer(optimizer)
    finite = cells[np.isfinite(cells["gap_median"])]
    told = f"Median final gap of {optimizer} on {view.label} over {count(len(cells), 'learning rate')}: "
    if finite.empty:
        return told + "no rate leaves half of the runs finite."
    least = finite.loc[finite["gap_median"].idxmin()]
    lost = len(cells) - len(finite)
    smallest = f"smallest, {number(least['gap_median'])}, first at {rate(least['learning_rate'])}"
    return f"{told}{smallest}; infinite at {lost}, where half of the runs or more were lost."


def _own(axes: Axes, cells: pd.DataFrame, scale: GapScale, colour: str, dash: str, marker: str) -> None:
    x, tone = np.log10(cells["learning_rate"].to_numpy(float)), colour_token(colour)
    finite = np.isfinite(cells["gap_median"].to_numpy(float))
    low, high = scale(cells["gap_low"].to_numpy(float)), scale(cells["gap_high"].to_numpy(float))
    if finite.sum() > 1:
        axes.fill_between(x, low, high, where=finite, color=tone, alpha=0.18, lw=0, zorder=2)
    elif finite.any():
        axes.vlines(x[finite], low[finite], high[finite], color=tone, alpha=0.3, lw=6, zorder=2)
    _line(axes, cells, scale, colour, dash_pattern(dash), 2.2, marker)
    if not finite.all():
        lost = x[~finite]
        axes.plot(lost, np.full(len(lost), scale.high), "x", ms=7, mew=1.8, color=tone, zorder=5, clip_on=False)


def _line(
    axes: Axes, cells: pd.DataFrame, scale: GapScale, colour: str, style: object, width: float, marker: str = ""
) -> None:
    gaps = cells["gap_median"].to_numpy(float)
    y = np.where(np.isfinite(gaps), scale(gaps), np.nan)
    x = np.log10(cells["learning_rate"].to_numpy(float))
    axes.plot(
        x,
        y,
        color=colour_token(colour),
        ls=style,
        lw=width,
        marker=marker,
        ms=7,
        mec=colour_token("paper"),
        mew=0.6,
        zorder=4 if marker else 1,
        clip_on=False,
    )
