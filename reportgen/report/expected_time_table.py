"""The table of expected running times: optimizers by losses, in blocks of a few losses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 8
"""Losses of one block."""


@dataclass(frozen=True)
class ExpectedTime:
    """The expected running time of an optimizer on a loss."""

    ert: float
    """In gradient evaluations; infinite without a success."""
    successes: int
    """Runs that hit the tightest target."""
    runs: int
    ratio: float | None
    """To the smallest one of the compared optimizers; None if one of the two is infinite."""
    is_best: bool
    """Whether it is the smallest one of the compared optimizers."""


@dataclass(frozen=True)
class ExpectedTimeBlock:
    """The expected running times on some losses."""

    losses: tuple[str, ...]
    """Labels."""
    rows: tuple[tuple[str, tuple[ExpectedTime | None, ...]], ...]
    """Optimizer, and its time on each loss; None if no run completed."""


def expected_time_blocks(
    times: pd.DataFrame, losses: Sequence[str], optimizers: Sequence[str], compared: Collection[str]
) -> list[ExpectedTimeBlock]:
    """The blocks of the table.

    Args:
        times: made by ``expected_times.expected_times``.
        losses: labels of those with a known minimum.
        optimizers: labels of all.
        compared: labels of those that are not reference optimizers.
    """
    found: dict[tuple[str, str], ExpectedTime] = {}
    for loss, rows in times.groupby("loss", sort=False):
        least = rows.loc[rows["optimizer"].isin(list(compared)), "ert"].min()
        columns = (rows[name].tolist() for name in ("optimizer", "ert", "successes", "runs"))
        for optimizer, ert, successes, runs in zip(*columns, strict=True):
            ratio = ert / least if np.isfinite([ert, least]).all() and least > 0 else None
            is_best = optimizer in compared and bool(np.isfinite(ert)) and ert == least
            found[str(loss), optimizer] = ExpectedTime(ert, successes, runs, ratio, is_best)
    blocks = [tuple(losses[at : at + MOST_COLUMNS]) for at in range(0, len(losses), MOST_COLUMNS)]
    return [
        ExpectedTimeBlock(block, tuple((name, tuple(found.get((loss, name)) for loss in block)) for name in optimizers))
        for block in blocks
    ]
