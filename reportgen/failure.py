"""Failure as a value, returned in place of a result that could not be produced."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """Why something could not be loaded, run or drawn."""

    reason: str
    """A sentence or sentence fragment, without a full stop."""
