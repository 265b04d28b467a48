"""Profiles of runtimes: what share of all (start, target) pairs each optimizer had reached, and when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.number_format import listed, number, share
from reportgen.analysis.runtime_profile import Profile
from reportgen.analysis.runtimes import performance_profile, runtime_distribution
from reportgen.figures.lines import MARGINS, MOST, Line, draw_lines, in_range
from reportgen.figures.scales import share_axis, step_axis
from reportgen.figures.style import WIDE, series
from reportgen.figures.svg import drawn
from reportgen.figures.ticks import x_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FURTHEST = 64.0
"""Slower than this many times the fastest is beyond the edge of the picture."""


def draw_runtimes(profile: Profile, optimizers: Sequence[str]) -> str:
    """The share of problems solved within a number of gradient evaluations; ``optimizers`` decides the colours."""
    at, shares = runtime_distribution(profile.t, profile.weights)

    def axis(axes: Axes) -> None:
        step_axis(axes, int(profile.budget), "gradient evaluations")

    return _drawn(profile, optimizers, np.log10(at + 1), shares, math.log10(profile.budget + 1), axis)


def draw_performance(profile: Profile, optimizers: Sequence[str]) -> str:
    """The share of problems that each solved within a multiple of the time of whoever solved it first."""
    ratio, shares = performance_profile(profile.t, profile.weights)
    far = min(max(2.0, float(ratio[-1])), FURTHEST)

    def axis(axes: Axes) -> None:
        powers = range(math.floor(math.log2(far)) + 1)
        axes.set_xlim(0, math.log2(far))
        x_ticks(axes, powers, [f"{2**power}" for power in powers], "times the gradient evaluations of the fastest")

    return _drawn(profile, optimizers, np.log2(ratio), shares, math.log2(far), axis)


def alt_runtimes(profile: Profile, where: str = "") -> str:
    """What the drawing of ``draw_runtimes`` shows, in words."""
    shares, half = runtime_distribution(profile.t, profile.weights)[1], profile.half()
    told = []
    for place in _best(shares):
        name = profile.names[place]
        when = f", half of all after {number(half[name])}" if math.isfinite(half[name]) else ""
        told.append(f"{name} reaches {share(shares[-1, place])}{when}")
    return (
        f"Share of (start, target) pairs reached within a number of gradient evaluations{where}: {listed(told, MOST)}."
    )


def alt_performance(profile: Profile) -> str:
    """What the drawing of ``draw_performance`` shows, in words."""
    shares = performance_profile(profile.t, profile.weights)[1]
    told = [f"{profile.names[place]} is first at {share(shares[0, place])}" for place in _best(shares)]
    return f"Share of (start, target) pairs reached within a multiple of the fastest time: {listed(told, MOST)}."


def _best(shares: Array) -> list[int]:
    """The columns that have names and colours, the best first: those that are highest in the mean."""
    return [int(place) for place in np.argsort(-shares.mean(axis=0), kind="stable")[:MOST]]


def _drawn(
    profile: Profile, optimizers: Sequence[str], x: Array, shares: Array, high: float, axis: Callable[[Axes], None]
) -> str:
    named = _best(shares)
    lines = [
        Line(name, series(optimizers.index(name)), *in_range(x, column, high), stepped=True)
        for name, column in zip(profile.names, shares.T, strict=True)
    ]

    def draw(axes: Axes) -> None:
        axis(axes)
        share_axis(axes)
        behind = [line for place, line in enumerate(lines) if place not in named]
        draw_lines(axes, [line for place, line in enumerate(lines) if place in named], behind)

    return drawn(WIDE, MARGINS, draw)
