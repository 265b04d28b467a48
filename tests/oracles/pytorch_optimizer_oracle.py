"""Optimizers of the package pytorch_optimizer, driven as PyTorch's own: ``rule`` is a class in it."""

from __future__ import annotations

from typing import Any

import pytorch_optimizer
import torch
from optimizer_cases import Oracle

from oracles.gradients import Run
from oracles.torch_oracle import drive

SECOND_ORDER = ("AdaHessian", "SophiaH")
FOR_MATRICES = ("LARS",)
"""They leave vectors to momentum, so that a position is given to them as a matrix of one row."""


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step; a rate among the oracle's arguments comes before the row's."""
    kind = getattr(pytorch_optimizer, oracle.rule)
    shape = (1, -1) if oracle.rule in FOR_MATRICES else (-1,)

    def make(x: torch.Tensor, run: Run) -> Any:
        optimizer = kind([x], **{"lr": rate, **oracle.arguments})
        return GivenTheDiagonal(optimizer, x, run) if oracle.rule in SECOND_ORDER else optimizer

    return [drive(lambda x, run=run: make(x, run), run, steps, shape) for run in runs]


class GivenTheDiagonal:
    """A second-order optimizer that is given the exact diagonal in the steps in which it would estimate it."""

    def __init__(self, optimizer: Any, x: torch.Tensor, run: Run) -> None:
        self.optimizer, self.x, self.run = optimizer, x, run
        self.state = optimizer.state
        self.steps = 0

    def step(self, closure: Any) -> None:
        diagonal = [float(row[i]) for i, row in enumerate(self.run.hessian(self.x.tolist()))]
        due = self.steps % self.optimizer.update_period == 0
        self.optimizer.step(closure, hessian=[torch.tensor(diagonal)] if due else None)
        self.steps += 1
