"""What tuning is worth: how much each optimizer may be expected to reach when only some of the rates are tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import and_list, count, share
from reportgen.figures.lines import MARGINS, MOST, Line, draw_lines
from reportgen.figures.scales import share_axis
from reportgen.figures.style import WIDE, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw_tuning(curves: pd.DataFrame, optimizers: Sequence[str]) -> str:
    """The expected share of targets reached over the number of rates tried, of a table by ``tuning.over_losses``."""
    named = _best(curves)
    lines = {str(name): _line(str(name), mine, optimizers) for name, mine in curves.groupby("optimizer", sort=False)}

    def draw(axes: Axes) -> None:
        most = int(curves["rates"].max())
        axes.set_xlim(1, max(most, 2))
        marks = range(1, most + 1, max(1, -(-most // 9)))
        x_ticks(axes, marks, [str(mark) for mark in marks], "learning rates tried")
        share_axis(axes)
        behind = [line for name, line in lines.items() if name not in named]
        draw_lines(axes, [line for name, line in lines.items() if name in named], behind)

    return axes_svg(WIDE, MARGINS, draw)


def alt_tuning(curves: pd.DataFrame) -> str:
    """What the drawing of ``draw_tuning`` shows, in words."""
    told = []
    for name in _best(curves):
        mine = curves[curves["optimizer"] == name]["expected"]
        told.append(f"{name} {share(mine.iloc[0])}, {share(mine.iloc[-1])} with {count(len(mine), 'rate')}")
    return f"Expected share of (start, target) pairs reached with one rate drawn at random: {and_list(told, MOST)}."


def _line(name: str, mine: pd.DataFrame, optimizers: Sequence[str]) -> Line:
    return Line(
        name, series_style(optimizers.index(name)), mine["rates"].to_numpy(float), mine["expected"].to_numpy(float)
    )


def _best(curves: pd.DataFrame) -> list[str]:
    """Who has a name and a colour: those with the highest curves."""
    mean = curves.groupby("optimizer", sort=False)["expected"].mean()
    return [str(name) for name in mean.sort_values(ascending=False, kind="stable").index[:MOST]]
