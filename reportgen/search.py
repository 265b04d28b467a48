"""The values of a hyperparameter that tuning tries: a range with a scale, or a list of choices."""

from __future__ import annotations

import math
from dataclasses import dataclass

SCALES = ("log", "linear", "1 - log")
"""How values are spread over a range: evenly in their logarithm, in themselves, or in the logarithm of 1 minus them."""

Choice = bool | int | float | str


@dataclass(frozen=True)
class Search:
    """The values of a hyperparameter, or of the learning rate, that tuning tries.

    ``Search(1e-10, 1e-3)`` and ``Search(0.5, 0.999, "1 - log")`` are ranges, ``Search(choices=(False, True))`` a list.
    """

    low: float = 0.0
    """The lowest value; 0 for a list of choices."""
    high: float = 0.0
    """The highest value; 0 for a list of choices."""
    scale: str = "log"
    """One of ``SCALES``; for decay rates close to 1 such as ``beta_2``, ``1 - log``."""
    source: str = ""
    """Where the range comes from."""
    choices: tuple[Choice, ...] = ()
    """All values that are tried, each equally often; empty for a range."""

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise ValueError(problem)

    def _problem(self) -> str | None:
        if self.choices:
            return None
        if self.scale not in SCALES:
            return f"expected one of the scales {', '.join(map(repr, SCALES))}, found {self.scale!r}"
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            return f"expected a range from a lower to a higher value, found {self.low:g} to {self.high:g}"
        if self.scale == "log" and self.low <= 0:
            return f"expected a lowest value above 0 for the scale 'log', found {self.low:g}"
        if self.scale == "1 - log" and self.high >= 1:
            return f"expected a highest value below 1 for the scale '1 - log', found {self.high:g}"
        return None

    def value(self, share: float) -> Choice:
        """Return the value at a share of the range or of the choices; ``share`` is at least 0 and below 1.

        A number has five significant digits, for ``1 - log`` in its difference to 1.
        """
        if self.choices:
            return self.choices[int(share * len(self.choices))]
        if self.scale == "linear":
            return _rounded(self.low + share * (self.high - self.low))
        if self.scale == "log":
            return _rounded(_between_logs(self.low, self.high, share))
        return round(1 - _rounded(_between_logs(1 - self.low, 1 - self.high, share)), 15)

    def share(self, value: float) -> float:
        """Return where a number lies in the range, from 0 to 1; the inverse of ``value``. Not for choices."""
        low, high = self.low, self.high
        if self.scale == "1 - log":
            low, high, value = 1 - low, 1 - high, 1 - value
        if self.scale != "linear":
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
        return min(max((value - low) / (high - low), 0.0), 1.0)


def _between_logs(low: float, high: float, share: float) -> float:
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
