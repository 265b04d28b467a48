"""The trials of one optimizer over its two most important hyperparameters; the more targets hit, the stronger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, rate, share
from reportgen.figures.scales import share_axis
from reportgen.figures.search_axis import place, ticks
from reportgen.figures.style import PANEL, SeriesStyle, colour_token
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks, y_ticks
from reportgen.trials import LEARNING_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reportgen.analysis.tuning_study import TriedConfiguration, TunedOptimizer
    from reportgen.search import Choice

MARGINS = (84.0, 40.0, 14.0, 12.0)
TRIAL, DEFAULTS, BEST = "trial", "defaults", "best trial"
"""Words of a legend."""


def draw_tuning_scatter(tuned: TunedOptimizer, style: SeriesStyle) -> str:
    """The SVG of the trials; with one hyperparameter, over it and the share of targets hit."""
    (x_name, x_search), *others = tuned.space.items()
    most = max((each.hit_rate for each in tuned.configurations), default=0) or 1.0
    best = tuned.configurations[0]

    def at(each: TriedConfiguration) -> tuple[float, float]:
        y = place(others[0][1], value_of(each, others[0][0])) if others else each.hit_rate
        return place(x_search, value_of(each, x_name)), y

    def draw(axes: Axes) -> None:
        axes.set_xlim(-0.04, 1.04)
        x_ticks(axes, *ticks(x_search), x_name.replace("_", " "))
        if others:
            axes.set_ylim(-0.05, 1.05)
            y_ticks(axes, *ticks(others[0][1]), others[0][0].replace("_", " "))
        else:
            share_axis(axes, "targets hit")
        colour = colour_token(style.colour)
        for each in reversed(tuned.configurations):
            alpha = min(0.08 + 0.92 * each.hit_rate / most, 1.0)
            axes.plot(*at(each), "o", ms=8, color=colour, alpha=alpha, mew=0, zorder=2, clip_on=False, label=TRIAL)
        for each, marker, label in ((tuned.defaults, "s", DEFAULTS), (best, "o", BEST)):
            ink = colour_token("ink")
            axes.plot(*at(each), marker, ms=12, mfc="none", mec=ink, mew=1.6, zorder=4, clip_on=False, label=label)

    return axes_svg(PANEL, MARGINS, draw)


def alt_tuning_scatter(tuned: TunedOptimizer) -> str:
    """The text alternative of ``draw_tuning_scatter``."""
    names = [name.replace("_", " ") for name in tuned.space][:2]
    best = tuned.configurations[0]
    at = ", ".join(f"{name.replace('_', ' ')} {text_of(value_of(best, name))}" for name in [*tuned.space][:2])
    return (
        f"{count(len(tuned.configurations), 'trial')} of {tuned.optimizer} over {' and '.join(names)}. "
        f"The best hits {share(best.hit_rate)} of the targets: {at}."
    )


def value_of(each: TriedConfiguration, name: str) -> Choice | None:
    """The value of a hyperparameter, or of the learning rate, in a trial."""
    return each.learning_rate if name == LEARNING_RATE else each.values[name]


def text_of(value: Choice | None) -> str:
    """A value in words."""
    return rate(value) if isinstance(value, float) and value > 0 else str(value).lower()
