"""Limits and ticks of axes: logarithmic with few labels, robust to divergence, with a floor for gaps of 0 and below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.number_format import number, rate, share
from reportgen.figures.style import colour_token
from reportgen.figures.ticks import x_ticks, y_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes


@dataclass(frozen=True)
class GapScale:
    """A range of gaps in powers of ten. Larger gaps are drawn at the top, smaller ones at a labelled floor."""

    low: int
    high: int
    below: str
    """Label of the floor."""
    floored: bool
    """Whether any gap is below ``low``, zero or negative, so that there is a floor."""

    def __call__(self, gaps: Array) -> Array:
        """Positions on the y axis: powers of ten clipped to the range, float of the shape of ``gaps``."""
        gaps = np.asarray(gaps, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            power = np.where(gaps >= 10.0**self.low, np.log10(np.where(gaps > 0, gaps, 1)), self.floor)
        return np.minimum(np.where(np.isnan(gaps), self.high, power), self.high)

    @property
    def floor(self) -> float:
        """The lowest position that is drawn."""
        return self.low - 0.12 * (self.high - self.low) if self.floored else self.low

    def apply(self, axes: Axes, title: str) -> None:
        """Set limits, ticks, a light grid and the title of the y axis."""
        stride = max(1, math.ceil((self.high - self.low) / 5))
        powers = list(range(self.high, self.low - 1, -stride))
        ticks, labels = [float(p) for p in powers], [rate(10.0**p) for p in powers]
        if self.floored:
            ticks.append(self.floor)
            labels.append(self.below)
            axes.axhline(self.floor, color=colour_token("rule"), lw=0.8, dashes=(3, 3), zorder=0)
        margin = 0.03 * (self.high - self.floor)
        axes.set_ylim(self.floor - margin, self.high + margin)
        y_ticks(axes, ticks, labels, title)
        axes.hlines(powers, 0, 1, transform=axes.get_yaxis_transform(), color=colour_token("rule"), lw=0.7, zorder=0)


def gap_scale(gaps: Iterable[Array], at_start: Array, tightest: float) -> GapScale:
    """A scale for ``gaps`` with robust ends.

    It ends a decade above the largest initial gap, so that diverging runs do not compress the rest. It begins at most
    three decades below the tightest target: all runs below are solved.

    Args:
        gaps: arrays of any shape.
        at_start: the initial gaps, float [runs].
        tightest: the gap of the tightest target; 0 if it is not known.
    """
    top = float(at_start.max()) if len(at_start) else 1.0
    values = np.concatenate([np.empty(0), *(np.asarray(part, dtype=float).ravel() for part in gaps)])
    values = values[np.isfinite(values)]
    shown = values[(values > 0) & (values <= 10 * top)]
    smallest, largest = (float(shown.min()), float(shown.max())) if len(shown) else (top / 10, top)
    lowest = math.floor(math.log10(tightest)) - 3 if tightest > 0 else -math.inf
    low = int(max(math.floor(math.log10(smallest)), lowest))
    high = max(math.ceil(math.log10(largest)), low + 1)
    below = "≤ 0" if smallest >= 10.0**low else f"< {rate(10.0**low)}"
    return GapScale(low, high, below, bool((values < 10.0**low).any()))


def step_axis(axes: Axes, steps: int, label: str = "step") -> None:
    """Set an x axis over log10(step + 1).

    Args:
        axes: its axes.
        steps: the last step.
        label: the axis title, for steps or another unit.
    """
    ticks = [0, *(10**power for power in range(8) if 10**power <= steps)]
    if len(ticks) > 6:
        ticks = [0, *ticks[1::2]]
    axes.set_xlim(0, math.log10(steps + 1))
    labels = [number(tick) if tick < 1e4 else rate(tick) for tick in ticks]
    x_ticks(axes, [math.log10(tick + 1) for tick in ticks], labels, label)


def share_axis(axes: Axes, title: str) -> None:
    """Set a y axis from 0 to 100 % with a light grid and a title."""
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_ylim(-0.02, 1.02)
    y_ticks(axes, ticks, [share(tick) for tick in ticks], title)
    axes.hlines(ticks, 0, 1, transform=axes.get_yaxis_transform(), color=colour_token("rule"), lw=0.7, zorder=0)
    axes.spines["left"].set_visible(False)


def rate_axis(axes: Axes, rates: Sequence[float]) -> None:
    """Set an x axis over log10(learning rate), labelled at powers of ten if the range has any."""
    exponents = [math.log10(value) for value in rates]
    low, high = min(exponents), max(exponents)
    integers = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    integers = integers[:: max(1, math.ceil(len(integers) / 6))]
    pad = max(0.04 * (high - low), 0.1)
    axes.set_xlim(low - pad, high + pad)
    ticks = [float(exponent) for exponent in integers] or [low]
    labels = [rate(10.0**exponent) for exponent in integers] or [rate(rates[exponents.index(low)])]
    x_ticks(axes, ticks, labels, "learning rate")


def few_ticks(low: float, high: float) -> list[float]:
    """Two to six round numbers in a range."""
    span = high - low
    unit = 10.0 ** math.floor(math.log10(span))
    stride = next(unit * k for k in (0.2, 0.5, 1, 2, 5) if span / (unit * k) <= 5)
    return [k * stride for k in range(math.ceil(low / stride - 1e-9), math.floor(high / stride + 1e-9) + 1)]
