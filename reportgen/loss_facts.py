"""Validates the facts that the author of a loss declares, once, where they enter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

MOST_CHARACTERS = 10_000
"""A longer text would fill a page."""


def finite(value: Any, what: str) -> float:
    """Return a finite number as a float.

    Raises:
        ValueError: it is not a finite number; the message begins with ``what``.
    """
    number = _number(value, what, "a finite number")
    if not math.isfinite(number):
        raise ValueError(f"{what}: expected a finite number, found {number}")
    return number


def minimum(value: Any, what: str) -> float:
    """Return a minimum: a number, minus infinity, or not a number for None; ValueError for anything else."""
    if value is None:
        return math.nan
    number = _number(value, what, "a number")
    if number == math.inf or math.isnan(number):
        raise ValueError(f"{what}: expected a number, -inf or None, found {number}")
    return number


def point(value: Any, what: str) -> tuple[float, ...]:
    """Return the coordinates of a position; ValueError if they are not finite numbers."""
    return tuple(finite(number, f"{what}[{at}]") for at, number in enumerate(_items(value, what)))


def points(value: Any, what: str) -> tuple[tuple[float, ...], ...]:
    """Return several positions; errors as in ``point``."""
    return tuple(point(each, f"{what}[{at}]") for at, each in enumerate(_items(value, what)))


AXIS = "low < high with a width of 1e-100 to 1e300"
"""What ``is_axis`` expects."""


def is_axis(low: float, high: float) -> bool:
    """Return whether an axis from ``low`` to ``high`` can be drawn: ticks and pixels are different, finite numbers."""
    return 1e-100 <= high - low <= 1e300


def domain(value: Any, what: str) -> tuple[tuple[float, float], ...]:
    """Return one (low, high) per coordinate; ValueError if they are not an axis that can be drawn."""
    intervals = points(value, what)
    for at, interval in enumerate(intervals):
        if len(interval) != 2:
            raise ValueError(f"{what}[{at}]: expected low and high, found {count(len(interval))}")
        low, high = interval
        if not is_axis(low, high):
            raise ValueError(f"{what}[{at}]: expected {AXIS}, found {low:g} and {high:g}")
    return tuple((low, high) for low, high in intervals)


def text(value: Any, what: str) -> str:
    """Return a text without characters that cannot be written; ValueError if it is no string or too long."""
    if not isinstance(value, str):
        raise ValueError(f"{what}: expected a string, found {value!r:.60}")
    if len(value) > MOST_CHARACTERS:
        raise ValueError(f"{what}: expected at most {MOST_CHARACTERS:,} characters, found {len(value):,}")
    return value.encode("utf-8", "replace").decode("utf-8")


def count(numbers: int) -> str:
    """Return how many numbers there are, in words."""
    return "1 number" if numbers == 1 else f"{numbers} numbers"


def _number(value: Any, what: str, expected: str) -> float:
    # An element of an array, also one of no dimension, is a number as well.
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if isinstance(plain, bool) or not isinstance(plain, Real):
        raise ValueError(f"{what}: expected {expected}, found {value!r:.60}")
    try:
        return float(plain)
    except OverflowError:
        raise ValueError(f"{what}: expected {expected}, found an integer with too many digits") from None


def _items(value: Any, what: str) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{what}: expected a list, found {value!r:.60}")
    return list(value)
