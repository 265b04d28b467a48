"""Limits and ticks that survive divergence: logarithmic axes with few labels and a floor for gaps of zero and below."""

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
    """A range of gaps in powers of ten; what is larger is drawn at the top, what is below, at a labelled floor."""

    low: int
    high: int
    below: str
    """What the floor is called."""
    floored: bool
    """Whether any gap is below ``low``, zero or negative, so that a floor is drawn under it."""

    def __call__(self, gaps: Array) -> Array:
        """Where gaps are drawn: their powers of ten, kept within the range."""
        gaps = np.asarray(gaps, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            power = np.where(gaps >= 10.0**self.low, np.log10(np.where(gaps > 0, gaps, 1)), self.floor)
        return np.minimum(np.where(np.isnan(gaps), self.high, power), self.high)

    @property
    def floor(self) -> float:
        """The lowest position that is drawn."""
        return self.low - 0.12 * (self.high - self.low) if self.floored else self.low

    def apply(self, axes: Axes) -> None:
        """Set limits, ticks and a light grid on the y axis."""
        stride = max(1, math.ceil((self.high - self.low) / 5))
        powers = list(range(self.high, self.low - 1, -stride))
        ticks, labels = [float(p) for p in powers], [rate(10.0**p) for p in powers]
        if self.floored:
            ticks.append(self.floor)
            labels.append(self.below)
            axes.axhline(self.floor, color=colour_token("rule"), lw=0.8, dashes=(3, 3), zorder=0)
        margin = 0.03 * (self.high - self.floor)
        axes.set_ylim(self.floor - margin, self.high + margin)
        y_ticks(axes, ticks, labels)
        axes.hlines(powers, 0, 1, transform=axes.get_yaxis_transform(), color=colour_token("rule"), lw=0.7, zorder=0)


def gap_scale(gaps: Iterable[Array], at_start: Array, tightest: float) -> GapScale:
    """A scale for ``gaps`` with robust ends.

    It ends a decade above the largest gap at a start, so that what explodes does not squeeze the rest, and at most
    three decades below the tightest target of the median start, since beyond that everything is solved.
    """
    top, usual = (float(at_start.max()), float(np.median(at_start))) if len(at_start) else (1.0, 1.0)
    values = np.concatenate([np.empty(0), *(np.asarray(part, dtype=float).ravel() for part in gaps)])
    values = values[np.isfinite(values)]
    shown = values[(values > 0) & (values <= 10 * top)]
    smallest, largest = (float(shown.min()), float(shown.max())) if len(shown) else (top / 10, top)
    low = max(math.floor(math.log10(smallest)), math.floor(math.log10(usual * tightest)) - 3)
    high = max(math.ceil(math.log10(largest)), low + 1)
    below = "≤ 0" if smallest >= 10.0**low else f"< {rate(10.0**low)}"
    return GapScale(low, high, below, bool((values < 10.0**low).any()))


def step_axis(axes: Axes, steps: int, label: str = "step") -> None:
    """An x axis over log10(step + 1), labelled with steps, or with what else is counted."""
    marks = [0, *(10**p for p in range(8) if 10**p <= steps)]
    if len(marks) > 6:
        marks = [0, *marks[1::2]]
    axes.set_xlim(0, math.log10(steps + 1))
    labels = [number(mark) if mark < 1e4 else rate(mark) for mark in marks]
    x_ticks(axes, [math.log10(mark + 1) for mark in marks], labels, label)


def share_axis(axes: Axes) -> None:
    """A y axis from none to all."""
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_ylim(-0.02, 1.02)
    y_ticks(axes, ticks, [share(tick) for tick in ticks])
    axes.hlines(ticks, 0, 1, transform=axes.get_yaxis_transform(), color=colour_token("rule"), lw=0.7, zorder=0)
    axes.spines["left"].set_visible(False)


def rate_axis(axes: Axes, rates: Sequence[float]) -> None:
    """An x axis over log10(learning rate), labelled at whole powers of ten where there are any."""
    powers = [math.log10(value) for value in rates]
    low, high = min(powers), max(powers)
    whole = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    whole = whole[:: max(1, math.ceil(len(whole) / 6))]
    pad = max(0.04 * (high - low), 0.1)
    axes.set_xlim(low - pad, high + pad)
    ticks = [float(p) for p in whole] or [low]
    x_ticks(axes, ticks, [rate(10.0**p) for p in whole] or [rate(rates[powers.index(low)])], "learning rate")


def few_ticks(low: float, high: float) -> list[float]:
    """Three to five round numbers in a range."""
    span = high - low
    unit = 10.0 ** math.floor(math.log10(span))
    stride = next(unit * k for k in (0.2, 0.5, 1, 2, 5) if span / (unit * k) <= 5)
    return [k * stride for k in range(math.ceil(low / stride - 1e-9), math.floor(high / stride + 1e-9) + 1)]
