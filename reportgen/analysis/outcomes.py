"""How many runs came to which outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SYMBOLS = {
    "solved": "●",
    "stationary": "◐",
    "stalled": "◌",
    "exhausted": "○",
    "diverged": "✕",
    "failed": "!",
}
"""Every outcome with its symbol, from best to worst: the order in which they are shown."""

MEANINGS = {
    "solved": "the tightest target was reached",
    "stationary": "ended unsolved where the gradient all but vanishes: near a saddle, an inflection or a local minimum",
    "stalled": "stands still though the gradient does not vanish: the step is too small for the precision",
    "exhausted": "used up its steps while still moving",
    "diverged": "position, loss or gradient was no longer finite",
    "failed": "the optimizer raised, hung, or its process died",
}


def outcome_counts(runs: pd.DataFrame) -> dict[str, int]:
    """The number of runs of every outcome, zeros included, in the order of ``SYMBOLS``."""
    counted = runs["outcome"].astype(str).value_counts()
    return {outcome: int(counted.get(outcome, 0)) for outcome in SYMBOLS}
