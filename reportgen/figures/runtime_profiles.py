"""Runtime profiles: the share of (start, target) pairs that each optimizer hits over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.number_format import and_list, number, share
from reportgen.analysis.profile_bands import ProfileBands
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.runtimes import performance_profile, runtime_distribution
from reportgen.figures.lines import MARGINS, MOST_NAMED, Band, Line, clip_curve, draw_lines
from reportgen.figures.scales import share_axis, step_axis
from reportgen.figures.style import WIDE, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_RATIO = 64.0
"""Larger ratios to the fastest optimizer are outside the picture."""
MOST_BANDS = 3
"""More bands than this cannot be distinguished where they overlap."""


def draw_runtimes(profile: RuntimeProfile, optimizers: Sequence[str], bands: ProfileBands | None = None) -> str:
    """The SVG of the share of problems solved within a number of gradient evaluations.

    Args:
        profile: the runtimes.
        optimizers: all labels, in the order of their colours.
        bands: of the optimizers that ``banded_optimizers`` returns; None without bands.
    """
    at, shares = runtime_distribution(profile.t, profile.weights)

    def set_x_axis(axes: Axes) -> None:
        step_axis(axes, int(profile.budget), "gradient evaluations")

    return _draw(
        profile,
        optimizers,
        np.log10(at + 1),
        shares,
        math.log10(profile.budget + 1),
        set_x_axis,
        _areas(bands, optimizers),
    )


def draw_performance(profile: RuntimeProfile, optimizers: Sequence[str]) -> str:
    """The SVG of the share of problems solved within a multiple of the fastest optimizer's gradient evaluations.

    Args:
        profile: the runtimes.
        optimizers: all labels, in the order of their colours.
    """
    ratio, shares = performance_profile(profile.t, profile.weights)
    highest = min(max(2.0, float(ratio[-1])), MOST_RATIO)

    def set_x_axis(axes: Axes) -> None:
        powers = range(math.floor(math.log2(highest)) + 1)
        axes.set_xlim(0, math.log2(highest))
        x_ticks(axes, powers, [f"{2**power}" for power in powers], "times the gradient evaluations of the fastest")

    return _draw(profile, optimizers, np.log2(ratio), shares, math.log2(highest), set_x_axis)


def banded_optimizers(profile: RuntimeProfile) -> list[str]:
    """The named optimizers that hit the most targets: those with a band, the best first."""
    shares = runtime_distribution(profile.t, profile.weights)[1]
    best = sorted(_best_columns(shares), key=lambda place: -shares[-1, place])
    return [profile.names[place] for place in best[:MOST_BANDS]]


def alt_runtimes(profile: RuntimeProfile, where: str = "") -> str:
    """The text alternative of ``draw_runtimes``; ``where`` names the loss if it is only one: `` on beale``."""
    shares, half = runtime_distribution(profile.t, profile.weights)[1], profile.half()
    parts = []
    for place in _best_columns(shares):
        name = profile.names[place]
        when = f" (half of all after {number(half[name])})" if math.isfinite(half[name]) else ""
        parts.append(f"{name} hits {share(shares[-1, place])}{when}")
    subject = f"Share of (start, target) pairs hit within a number of gradient evaluations{where}"
    return f"{subject}: {and_list(parts, MOST_NAMED)}."


def alt_performance(profile: RuntimeProfile) -> str:
    """The text alternative of ``draw_performance``."""
    shares = performance_profile(profile.t, profile.weights)[1]
    parts = [f"{profile.names[place]} is the fastest on {share(shares[0, place])}" for place in _best_columns(shares)]
    subject = "Share of (start, target) pairs hit within a multiple of the evaluations of the fastest optimizer"
    return f"{subject}: {and_list(parts, MOST_NAMED)}."


def _best_columns(shares: Array) -> list[int]:
    """The columns with names and colours: those with the highest mean, the best first."""
    return [int(place) for place in np.argsort(-shares.mean(axis=0), kind="stable")[:MOST_NAMED]]


def _areas(bands: ProfileBands | None, optimizers: Sequence[str]) -> list[Band]:
    if bands is None:
        return []
    x, ends = np.log10(bands.budgets + 1), zip(bands.names, bands.low.T, bands.high.T, strict=True)
    return [Band(series_style(optimizers.index(name)), x, low, high) for name, low, high in ends]


def _draw(
    profile: RuntimeProfile,
    optimizers: Sequence[str],
    x: Array,
    shares: Array,
    high: float,
    set_x_axis: Callable[[Axes], None],
    bands: Sequence[Band] = (),
) -> str:
    named = _best_columns(shares)
    lines = [
        Line(name, series_style(optimizers.index(name)), *clip_curve(x, column, high), stepped=True)
        for name, column in zip(profile.names, shares.T, strict=True)
    ]

    def draw(axes: Axes) -> None:
        set_x_axis(axes)
        share_axis(axes, "share of targets hit")
        behind = [line for place, line in enumerate(lines) if place not in named]
        draw_lines(axes, [line for place, line in enumerate(lines) if place in named], behind, bands)

    return axes_svg(WIDE, MARGINS, draw)
