"""The outcomes of runs: symbols, meanings and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.engine.result import Array

if TYPE_CHECKING:
    import pandas as pd

SYMBOLS = {
    "solved": "●",
    "stationary": "◐",
    "stalled": "◌",
    "exhausted": "○",
    "escaped": "◇",
    "diverged": "✕",
    "failed": "!",
}
"""Every outcome with its symbol, from best to worst: the order in which they are shown."""

MEANINGS = {
    "solved": "the tightest target was hit",
    "stationary": "ended unsolved with a negligible gradient and no more progress: near a saddle, an inflection or a "
    "local minimum, or in a flat valley",
    "stalled": "position unchanged although the gradient is not zero (step below floating-point resolution)",
    "exhausted": "used all steps while still moving",
    "escaped": "ended where the known minimum does not hold: outside of the domain, or below the minimum",
    "diverged": "position, loss or gradient became infinite or NaN",
    "failed": "the optimizer raised an error or hung, or its process died",
}


LOST = ("escaped", "diverged", "failed")
"""The outcomes that leave nothing to compare: the gap of such a run counts as infinite."""


def is_lost(runs: pd.DataFrame) -> Array:
    """Whether each run is lost, bool [runs]."""
    lost: Array = runs["outcome"].astype(str).isin(LOST).to_numpy(bool)
    return lost


def outcome_counts(runs: pd.DataFrame) -> dict[str, int]:
    """The number of runs of every outcome, zeros included, in the order of ``SYMBOLS``."""
    counted = runs["outcome"].astype(str).value_counts()
    return {outcome: int(counted.get(outcome, 0)) for outcome in SYMBOLS}
