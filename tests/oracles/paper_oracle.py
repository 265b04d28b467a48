"""The papers' rules at 50 digits, for what no library at hand implements: ``rule`` is a function of this file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath
from optimizer_cases import Oracle

from oracles.gradients import Run

DIGITS = 50


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step, rounded once."""
    rule = globals()[oracle.rule]
    found = []
    with mpmath.workdps(DIGITS):
        arguments = {name: mpmath.mpf(value) for name, value in oracle.arguments.items()}
        for run in runs:
            positions = rule(run, [mpmath.mpf(x) for x in run.start], mpmath.mpf(rate), **arguments)
            found.append([[float(x) for x in next(positions)] for _ in range(steps)])
    return found


def newton(run: Run, x: list[Any], rate: Any, damping: Any = 0) -> Iterator[list[Any]]:
    """x - rate (H + damping I)^-1 g, by elimination."""
    while True:
        curvature = mpmath.matrix(run.hessian(x)) + damping * mpmath.eye(len(x))
        change = mpmath.lu_solve(curvature, mpmath.matrix(run.gradient(x)))
        x = [each - rate * change[i] for i, each in enumerate(x)]
        yield x
