"""Optimizers of PyTorch: ``rule`` is a class in torch.optim, and the learning rate its ``lr``."""

from __future__ import annotations

from typing import Any

import torch
from optimizer_cases import Oracle

from oracles.gradients import Run

torch.set_default_dtype(torch.float64)


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step."""
    kind = getattr(torch.optim, oracle.rule)
    return [drive(lambda x: kind([x], lr=rate, **oracle.arguments), run, steps) for run in runs]


def drive(make: Any, run: Run, steps: int, shape: tuple[int, ...] = (-1,)) -> list[list[float]]:
    """The positions of one run under the optimizer that ``make`` gives for its variable, which has ``shape``."""
    x = torch.tensor(run.start).reshape(shape).requires_grad_()
    optimizer = make(x)

    def closure() -> torch.Tensor:
        point = x.flatten().tolist()
        x.grad = torch.tensor([float(slope) for slope in run.gradient(point)]).reshape(shape)
        return torch.tensor(run.value(point))

    positions = []
    for _ in range(steps):
        optimizer.step(closure)
        # The result of ASGD is the average that it keeps beside its variable.
        positions.append(optimizer.state[x].get("ax", x).flatten().tolist())
    return positions
