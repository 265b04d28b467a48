"""How many compiled steps of an optimizer of another framework are compared with those of its own object."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from reportgen.plan import Program

_MOST = 5_000
_limit: int | None = None
_verified: dict[Hashable, int] = {}


def verified_steps() -> int:
    """Return the most steps that are compared."""
    return _limit or _MOST


def limit_verified_steps(limit: int) -> None:
    """Compare at most ``limit`` steps in this process, and those of an optimizer once in each precision.

    Only for results that are not stored: every program of a report is verified on its own.
    """
    global _limit
    _limit = limit


def verified_once(program: Program, verify: Callable[[], int]) -> int:
    """Return what ``verify`` returns, or in a limited process what it returned for another program of the optimizer."""
    if _limit is None:
        return verify()
    values = tuple(program.cells[0].hyperparameters.items())
    optimizer = (program.family, program.base, values, program.settings.dtype)
    if optimizer not in _verified:
        _verified[optimizer] = verify()
    return _verified[optimizer]
