"""Tuning curves: the expected result of each optimizer by the number of learning rates or trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import and_list, count, share
from reportgen.figures.lines import MARGINS, MOST_NAMED, Line, draw_lines
from reportgen.figures.scales import share_axis
from reportgen.figures.style import WIDE, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw_tuning(curves: pd.DataFrame, optimizers: Sequence[str], noun: str) -> str:
    """The SVG of the expected hit rate by the number of learning rates or trials.

    Args:
        curves: made by ``mean_over_losses``.
        optimizers: all labels, in the order of their colours.
        noun: what was tried: ``learning rate`` or ``trial``.
    """
    named = _best(curves)
    lines = {str(name): _line(str(name), curve, optimizers) for name, curve in curves.groupby("optimizer", sort=False)}

    def draw(axes: Axes) -> None:
        most = int(curves["rates"].max())
        axes.set_xlim(1, max(most, 2))
        ticks = range(1, most + 1, max(1, -(-most // 9)))
        x_ticks(axes, ticks, [str(tick) for tick in ticks], "trials" if noun == "trial" else f"{noun}s tried")
        share_axis(axes, "expected share of targets hit")
        behind = [line for name, line in lines.items() if name not in named]
        draw_lines(axes, [line for name, line in lines.items() if name in named], behind)

    return axes_svg(WIDE, MARGINS, draw)


def alt_tuning(curves: pd.DataFrame, noun: str) -> str:
    """The text alternative of ``draw_tuning``."""
    parts = []
    for name in _best(curves):
        expected = curves[curves["optimizer"] == name]["expected"]
        all_rates = f"{share(expected.iloc[-1])} with {count(len(expected), noun)}"
        parts.append(f"{name} {share(expected.iloc[0])} ({all_rates})")
    subject = f"Expected share of (start, target) pairs hit at one random {noun}"
    return f"{subject}: {and_list(parts, MOST_NAMED)}."


def _line(name: str, curve: pd.DataFrame, optimizers: Sequence[str]) -> Line:
    style = series_style(optimizers.index(name))
    return Line(name, style, curve["rates"].to_numpy(float), curve["expected"].to_numpy(float))


def _best(curves: pd.DataFrame) -> list[str]:
    """The optimizers with a name and a colour: those with the highest curves."""
    mean = curves.groupby("optimizer", sort=False)["expected"].mean()
    return [str(name) for name in mean.sort_values(ascending=False, kind="stable").index[:MOST_NAMED]]
