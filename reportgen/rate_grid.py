"""The automatic grid of learning rates, which grows by decades."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

PER_DECADE = 2
_FIRST, _LAST = -8, 0
"""The grid at the beginning, in half decades: from 1e-4 to 1."""
MOST_DECADES = 4
"""How many decades the grid may grow at each end: to 1e-8 and to 1e4."""


class Extension(NamedTuple):
    """How many decades a grid has grown."""

    below: int = 0
    above: int = 0

    @property
    def decades(self) -> list[tuple[float, ...]]:
        """The learning rates of each decade that was added."""
        below = [_rates(_FIRST - PER_DECADE * k, PER_DECADE) for k in range(1, self.below + 1)]
        above = [_rates(_LAST + 1 + PER_DECADE * (k - 1), PER_DECADE) for k in range(1, self.above + 1)]
        return below + above


def _rates(first: int, count: int) -> tuple[float, ...]:
    """Learning rates from 10 ** (first / 2), rounded to four significant digits."""
    return tuple(float(f"{10 ** (power / PER_DECADE):.4g}") for power in range(first, first + count))


INITIAL_RATES = _rates(_FIRST, _LAST - _FIRST + 1)


def nearest_rate(rate: float) -> float:
    """The learning rate of the grid, continued without end, that is nearest on a logarithmic scale."""
    return _rates(round(math.log10(rate) * PER_DECADE), 1)[0]


def extension_of(rates: Iterable[float]) -> Extension:
    """How far a grid with these learning rates has grown."""
    below = sum(rate < INITIAL_RATES[0] for rate in rates)
    above = sum(rate > INITIAL_RATES[-1] for rate in rates)
    return Extension(min(below // PER_DECADE, MOST_DECADES), min(above // PER_DECADE, MOST_DECADES))
