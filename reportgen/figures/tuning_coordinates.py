"""Parallel coordinates of the trials of one optimizer: the best tenth in colour, the others behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.analysis.number_format import and_list, shorten
from reportgen.figures.search_axis import place, ticks
from reportgen.figures.style import WIDE, SeriesStyle, colour_token
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import SIZE
from reportgen.figures.tuning_scatter import value_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reportgen.analysis.tuning_study import TriedConfiguration, TunedOptimizer

MOST_AXES = 6
"""Hyperparameters, the most important ones."""
MARGINS = (62.0, 46.0, 52.0, 14.0)
TRIALS, BEST, DEFAULTS = "trials", "best tenth", "defaults"
"""Words of a legend."""


def draw_tuning_coordinates(tuned: TunedOptimizer, style: SeriesStyle) -> str:
    """The SVG: a vertical axis for each hyperparameter, and one for the share of targets hit."""
    space = dict([*tuned.space.items()][:MOST_AXES])
    top = {each.number for each in tuned.best_tenth}
    most = max(each.hit_rate for each in tuned.configurations) or 1.0

    def heights(each: TriedConfiguration) -> list[float]:
        return [*(place(search, value_of(each, name)) for name, search in space.items()), each.hit_rate / most]

    def draw(axes: Axes) -> None:
        axes.set_xlim(0, len(space))
        axes.set_ylim(-0.02, 1.02)
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for at in range(len(space) + 1):
            axes.axvline(at, color=colour_token("rule"), lw=1, zorder=0)
        for each in reversed(tuned.configurations):
            is_best = each.number in top
            colour, width = colour_token(style.colour if is_best else "context"), 1.6 if is_best else 0.8
            label = BEST if is_best else TRIALS
            axes.plot(range(len(space) + 1), heights(each), color=colour, lw=width, zorder=2 + is_best, label=label)
        axes.plot(
            range(len(space) + 1),
            heights(tuned.defaults),
            color=colour_token("ink"),
            lw=1.6,
            ls="--",
            zorder=4,
            label=DEFAULTS,
        )
        for at, (name, search) in enumerate(space.items()):
            for y, text in zip(*ticks(search), strict=True):
                _text(axes, (at, y), text, "right", -4)
            _text(axes, (at, -0.02), shorten(name.replace("_", " "), 16), "center", 0, below=True)
        _text(axes, (len(space), 1), f"{100 * most:.0f} %", "left", 4)
        _text(axes, (len(space), 0), "0 %", "left", 4)
        _text(axes, (len(space), -0.02), "targets hit", "center", 0, below=True)

    return axes_svg(WIDE, MARGINS, draw)


def _text(axes: Axes, at: tuple[float, float], text: str, side: str, shift: float, *, below: bool = False) -> None:
    """Write a text next to an axis, with a background that keeps it readable on lines."""
    axes.annotate(
        text,
        at,
        (shift, -8 if below else 0),
        textcoords="offset points",
        ha=side,
        va="top" if below else "center_baseline",
        fontsize=SIZE,
        color=colour_token("quiet"),
        bbox={"facecolor": colour_token("paper"), "alpha": 0.75, "lw": 0, "pad": 0.5} if not below else None,
        zorder=5,
        annotation_clip=False,
    )


def alt_tuning_coordinates(tuned: TunedOptimizer) -> str:
    """The text alternative of ``draw_tuning_coordinates``."""
    names = [name.replace("_", " ") for name in tuned.space][:MOST_AXES]
    return (
        f"All trials of {tuned.optimizer} over {and_list(names, MOST_AXES)} and the share of targets hit, "
        "the best tenth in colour."
    )
