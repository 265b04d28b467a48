"""How many compiled steps of an optimizer of another framework are compared with those of its own object."""

from __future__ import annotations

_limit = 5_000


def verified_steps() -> int:
    """Return the most steps that are compared."""
    return _limit


def limit_verified_steps(limit: int) -> None:
    """Compare at most ``limit`` steps in this process, in which no results are made that are stored."""
    global _limit
    _limit = limit
