"""What tuning of one optimizer gained: its defaults, its learning rate tuned, and everything tuned, by trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.number_format import count, share, share_span
from reportgen.figures.scales import share_axis
from reportgen.figures.style import PANEL, SeriesStyle, colour_token
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reportgen.analysis.tuning_study import TunedOptimizer

MARGINS = (62.0, 40.0, 12.0, 12.0)
DEFAULTS, RATE_ONLY, EVERYTHING, BAND = "defaults", "learning rate tuned", "everything tuned", "95 % band"
"""Words of a legend."""


def draw_tuned_curve(tuned: TunedOptimizer, style: SeriesStyle) -> str:
    """The SVG of the expected hit rate by number of trials; ``style`` is that of the optimizer."""
    everything, colour = tuned.everything, colour_token(style.colour)
    trials = np.arange(1, len(everything.expected) + 1)

    def draw(axes: Axes) -> None:
        axes.set_xlim(-0.05, max(np.log2(trials[-1]), 1) + 0.05)
        x_ticks(axes, [float(np.log2(k)) for k in everything.shown], list(map(str, everything.shown)), "trials")
        share_axis(axes, "expected targets hit")
        axes.axhline(tuned.default.value, color=colour_token("quiet"), lw=1.2, dashes=(2, 2), label=DEFAULTS)
        if everything.interval is not None:
            axes.fill_between(np.log2(trials), *everything.interval.T, color=colour, alpha=0.16, lw=0, label=BAND)
        axes.plot(np.log2(trials), tuned.rate_only.expected, color=colour, lw=1.4, ls=(0, (5, 2.5)), label=RATE_ONLY)
        axes.plot(np.log2(trials), everything.expected, color=colour, lw=2.4, label=EVERYTHING)

    return axes_svg(PANEL, MARGINS, draw)


def alt_tuned_curve(tuned: TunedOptimizer) -> str:
    """The text alternative of ``draw_tuned_curve``."""
    last = len(tuned.everything.expected)
    everything = tuned.everything.at(last)
    interval = f" ({share_span(everything.interval)})" if everything.interval else ""
    return (
        f"Expected share of targets that {tuned.optimizer} hits: {share(tuned.default.value)} with its defaults; with "
        f"{count(last, 'trial')} {share(tuned.rate_only.at(last).value)} if only the learning rate is tuned, and "
        f"{share(everything.value)}{interval} if everything is."
    )
