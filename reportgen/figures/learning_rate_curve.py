"""The final gap by learning rate: one optimizer in colour, the others behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.loss_view import initial_gaps, tightest_gap
from reportgen.analysis.number_format import count, number, rate
from reportgen.figures.lines import LOST, OTHERS
from reportgen.figures.scales import GapScale, gap_scale, rate_axis
from reportgen.figures.style import PANEL, LineStyle, SeriesStyle, colour_token, dash_pattern, series_style
from reportgen.figures.svg import axes_svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from reportgen.analysis.loss_view import LossView

MARGINS = (62.0, 40.0, 12.0, 12.0)
QUARTILES = "quartiles"
"""The word of a legend for the band."""
MOST_CONTEXT = 24
"""With more other optimizers than this, none is drawn behind: they would only be a blur."""


def rates_scale(view: LossView) -> GapScale:
    """The y axis that all figures of one loss share."""
    columns = [view.cells[name].to_numpy(float) for name in ("gap_low", "gap_median", "gap_high")]
    return gap_scale(columns, initial_gaps(view), tightest_gap(view))


def draw_rates(view: LossView, optimizer: str, scale: GapScale) -> str:
    """The SVG of the median final gap by learning rate, with the band between the quartiles.

    Args:
        view: the loss.
        optimizer: label of the optimizer in colour.
        scale: made by ``rates_scale``.
    """
    style = series_style(view.optimizers.index(optimizer))

    def draw(axes: Axes) -> None:
        others = [name for name in view.optimizers if name != optimizer]
        for other in others if len(others) <= MOST_CONTEXT else []:
            _draw_line(axes, view.of_optimizer(other), scale, "context", "-", 1.0, label=OTHERS)
        _draw_optimizer(axes, view.of_optimizer(optimizer), scale, style, optimizer)
        rate_axis(axes, sorted(view.cells["learning_rate"].unique()))
        scale.apply(axes, "median final gap")
        axes.spines["left"].set_visible(False)

    return axes_svg(PANEL, MARGINS, draw)


def alt_rates(view: LossView, optimizer: str) -> str:
    """The text alternative of ``draw_rates``."""
    cells = view.of_optimizer(optimizer)
    finite = cells[np.isfinite(cells["gap_median"])]
    subject = f"Median final gap of {optimizer} on {view.label} at {count(len(cells), 'learning rate')}."
    if finite.empty:
        return f"{subject} Infinite at all of them: half or more of the runs escaped, diverged or failed."
    least = finite.loc[finite["gap_median"].idxmin()]
    smallest = f"Smallest: {number(least['gap_median'])}, first at {rate(least['learning_rate'])}."
    infinite = len(cells) - len(finite)
    if not infinite:
        return f"{subject} {smallest} Finite at all of them."
    rates = count(infinite, "learning rate")
    return f"{subject} {smallest} Infinite at {rates}, where half or more of the runs escaped, diverged or failed."


def _draw_optimizer(axes: Axes, cells: pd.DataFrame, scale: GapScale, style: SeriesStyle, name: str) -> None:
    """Draw the quartiles and the median, with crosses where the median is infinite."""
    x, colour = np.log10(cells["learning_rate"].to_numpy(float)), colour_token(style.colour)
    finite = np.isfinite(cells["gap_median"].to_numpy(float))
    low, high = scale(cells["gap_low"].to_numpy(float)), scale(cells["gap_high"].to_numpy(float))
    if finite.sum() > 1:
        axes.fill_between(x, low, high, where=finite, color=colour, alpha=0.18, lw=0, zorder=2, label=QUARTILES)
    elif finite.any():
        axes.vlines(x[finite], low[finite], high[finite], color=colour, alpha=0.3, lw=6, zorder=2, label=QUARTILES)
    _draw_line(axes, cells, scale, style.colour, dash_pattern(style.dash), 2.2, style.marker, label=name)
    if not finite.all():
        crosses = x[~finite]
        top = np.full(len(crosses), scale.high)
        axes.plot(crosses, top, "x", ms=7, mew=1.8, color=colour, zorder=5, clip_on=False, label=LOST)


def _draw_line(
    axes: Axes,
    cells: pd.DataFrame,
    scale: GapScale,
    colour: str,
    style: LineStyle,
    width: float,
    marker: str = "",
    *,
    label: str,
) -> None:
    """Draw the median; ``colour`` is a name in ``COLOURS``."""
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
        label=label,
    )
