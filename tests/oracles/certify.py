"""How far a trajectory may be compared: until a difference in the thirteenth digit of its start has grown too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optimizer_cases import STEPS, Case, Oracle

from oracles.gradients import RUNS, Run

GROWTH = 20 * 1e-13
FEWEST = 100
"""Settings that cannot be compared for so many steps have no place in the table."""

Trajectory = Sequence[Sequence[float]]
Driver = Callable[[Oracle, float, list[Run], int], list[Trajectory]]


def certified(row: Case, oracle: Oracle, trajectories: Driver) -> dict[str, Trajectory]:
    """For each loss of the row the oracle's positions after each step, as far as they are well-conditioned.

    Raises ValueError where that is less than ``FEWEST`` steps.
    """
    runs = [RUNS[loss] for loss in row.losses]
    found = trajectories(oracle, row.rate, [*runs, *(run.shifted() for run in runs)], STEPS)
    kept = {}
    for loss, exact, shifted in zip(row.losses, found[: len(runs)], found[len(runs) :], strict=True):
        steps = _comparable(exact, shifted)
        if steps < FEWEST:
            raise ValueError(f"{row.label} on {loss}: {oracle.label} is well-conditioned for {steps} steps only")
        kept[loss] = exact[:steps]
    return kept


def _comparable(exact: Trajectory, shifted: Trajectory) -> int:
    for step, (one, other) in enumerate(zip(exact, shifted, strict=True)):
        if not relative_difference(one, other) <= GROWTH:
            return step
    return len(exact)


def relative_difference(one: Sequence[Any], other: Sequence[Any]) -> float:
    """The largest difference of a coordinate, relative to the largest coordinate."""
    return float(max(abs(a - b) for a, b in zip(one, other, strict=True)) / max(map(abs, other)))
