"""The axis of a hyperparameter in figures of tuning: positions from 0 to 1, as in its search."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportgen.analysis.number_format import number, rate
from reportgen.figures.scales import few_ticks
from reportgen.search import Choice, Search

MOST_TICKS = 6


def place(search: Search, value: Choice | None) -> float:
    """Where a value lies on the axis, from 0 to 1; a choice in the middle of its section."""
    if search.choices:
        return (search.choices.index(value) + 0.5) / len(search.choices) if value in search.choices else 0.0
    return search.share(float(value)) if isinstance(value, int | float) else 0.0


def ticks(search: Search) -> tuple[list[float], list[str]]:
    """Places on the axis, and their labels."""
    if search.choices:
        return [place(search, choice) for choice in search.choices], [str(choice).lower() for choice in search.choices]
    values = _round_values(search)
    values = values[:: max(1, math.ceil(len(values) / MOST_TICKS))]
    text = rate if search.scale == "log" else _plain
    return [search.share(value) for value in values], [text(value) for value in values]


def _plain(value: float) -> str:
    return number(round(value, 12), 6)


def _round_values(search: Search) -> Sequence[float]:
    if search.scale == "linear":
        return few_ticks(search.low, search.high)
    if search.scale == "log":
        found = [10.0**power for power in _powers(search.low, search.high)]
        return found if len(found) > 1 else [search.low, search.high]
    return [search.low, *(1 - 10.0**power for power in reversed(_powers(1 - search.high, 1 - search.low)))]


def _powers(low: float, high: float) -> list[int]:
    return list(range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1))
