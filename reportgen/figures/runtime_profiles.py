"""Profiles of runtimes: what share of all (start, target) pairs each optimizer had reached, and when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.number_format import and_list, number, share
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.runtimes import performance_profile, runtime_distribution
from reportgen.figures.lines import MARGINS, MOST, Line, clip_curve, draw_lines
from reportgen.figures.scales import share_axis, step_axis
from reportgen.figures.style import WIDE, series_style
from reportgen.figures.svg import axes_svg
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FURTHEST = 64.0
"""Slower than this many times the fastest is beyond the edge of the picture."""


def draw_runtimes(profile: RuntimeProfile, optimizers: Sequence[str]) -> str:
    """The share of problems solved within a number of gradient evaluations; ``optimizers`` decides the colours."""
    at, shares = runtime_distribution(profile.t, profile.weights)

    def axis(axes: Axes) -> None:
        step_axis(axes, int(profile.budget), "gradient evaluations")

    return _drawn(profile, optimizers, np.log10(at + 1), shares, math.log10(profile.budget + 1), axis)


def draw_performance(profile: RuntimeProfile, optimizers: Sequence[str]) -> str:
    """The share of problems that each solved within a multiple of the time of whoever solved it first."""
    ratio, shares = performance_profile(profile.t, profile.weights)
    far = min(max(2.0, float(ratio[-1])), FURTHEST)

    def axis(axes: Axes) -> None:
        powers = range(math.floor(math.log2(far)) + 1)
        axes.set_xlim(0, math.log2(far))
        x_ticks(axes, powers, [f"{2**power}" for power in powers], "times the gradient evaluations of the fastest")

    return _drawn(profile, optimizers, np.log2(ratio), shares, math.log2(far), axis)


def alt_runtimes(profile: RuntimeProfile, where: str = "") -> str:
    """What the drawing of ``draw_runtimes`` shows, in words."""
    shares, half = runtime_distribution(profile.t, profile.weights)[1], profile.half()
    told = []
    for place in _best(shares):
        name = profile.names[place]
        when = f", half of all after {number(half[name])}" if math.isfinite(half[name]) else ""
        told.append(f"{name} reaches {share(shares[-1, place])}{when}")
    what = f"Share of (start, target) pairs reached within a number of gradient evaluations{where}"
    return f"{what}: {and_list(told, MOST)}."


def alt_performance(profile: RuntimeProfile) -> str:
    """What the drawing of ``draw_performance`` shows, in words."""
    shares = performance_profile(profile.t, profile.weights)[1]
    told = [f"{profile.names[place]} is first at {share(shares[0, place])}" for place in _best(shares)]
    return f"Share of (start, target) pairs reached within a multiple of the fastest time: {and_list(told, MOST)}."


def _best(shares: Array) -> list[int]:
    """The columns that have names and colours, the best first: those that are highest in the mean."""
    return [int(place) for place in np.argsort(-shares.mean(axis=0), kind="stable")[:MOST]]


def _drawn(
    profile: RuntimeProfile,
    optimizers: Sequence[str],
    x: Array,
    shares: Array,
    high: float,
    axis: Callable[[Axes], None],
) -> str:
    named = _best(shares)
    lines = [
        Line(name, series_style(optimizers.index(name)), *clip_curve(x, column, high), stepped=True)
        for name, column in zip(profile.names, shares.T, strict=True)
    ]

    def draw(axes: Axes) -> None:
        axis(axes)
        share_axis(axes)
        behind = [line for place, line in enumerate(lines) if place not in named]
        draw_lines(axes, [line for place, line in enumerate(lines) if place in named], behind)

    return axes_svg(WIDE, MARGINS, draw)
