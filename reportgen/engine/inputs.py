"""The inputs of the runs of a program: positions, learning rates, hyperparameters and seeds, as NumPy arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen import catalogue
from reportgen.engine.result import Array
from reportgen.optimizer import Optimizer, hyperparameters
from reportgen.plan import Program

PATHS = 20_000_000
"""Maximum number of coordinates of the whole paths of a program; beyond it none is kept."""


@dataclass(frozen=True)
class RunInputs:
    """The inputs of some runs."""

    x0: Array
    """[runs, dim] in the dtype of the runs"""
    learning_rate: Array
    """float64 [runs]"""
    start: Array
    """Numbers of the starts, uint32 [runs]."""
    seed: Array
    """Seeds, uint32 [runs]."""
    hyperparameters: Mapping[str, Array]
    """The numeric ones by name, float64 [runs], or [] if all runs of the program share the value."""
    shown: Array
    """Whether the whole path of a run is kept, bool [runs]."""
    state: tuple[Array, ...] = ()
    """What an object of another framework is after its first step, each [runs, ...], the position first."""

    def take(self, index: Array) -> RunInputs:
        """Return the inputs of some of the runs, int64 [some]."""
        own = {name: value[index] if np.ndim(value) else value for name, value in self.hyperparameters.items()}
        x0, rate, start, seed = self.x0[index], self.learning_rate[index], self.start[index], self.seed[index]
        return RunInputs(x0, rate, start, seed, own, self.shown[index], tuple(each[index] for each in self.state))


class ProgramInputs:
    """Makes the inputs of a program's runs when they are asked for, because there may be millions of runs."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._rates = np.array([cell.learning_rate for cell in program.cells])
        self._points = program.start_points.astype(program.settings.dtype)
        self._numbers = program.start_numbers.astype(np.uint32)
        self._hyperparameters = _numeric_hyperparameters(program)
        dim, points = self._points.shape[1], min(program.settings.trace_points, program.settings.steps)
        few = len(program.cells) * dim * points <= PATHS
        self._shows_any = dim > 2 and few and program.settings.trace != "none"

    def __call__(self, runs: Array) -> RunInputs:
        """Return the inputs of runs, int64 [runs] with their run numbers.

        In more than two dimensions, the runs from the first start with the first seed are shown, unless their paths
        would be too large.
        """
        cell, start, seed = self._program.unravel_runs(runs)
        return RunInputs(
            self._points[start],
            self._rates[cell],
            self._numbers[start],
            seed.astype(np.uint32),
            {name: value[cell] if np.ndim(value) else value for name, value in self._hyperparameters.items()},
            (start == 0) & (seed == 0) & self._shows_any,
        )

    def most_shown(self, size: int) -> int:
        """Return how many of ``size`` consecutive runs are shown at most."""
        each = self._program.runs // len(self._program.cells)
        return min(len(self._program.cells), size // each + 2) if self._shows_any else 0


def _numeric_hyperparameters(program: Program) -> dict[str, Array]:
    """One value per cell, or [] if all cells share it."""
    kind = catalogue.find_optimizer(program.family, program.base)
    declared = catalogue.declared_hyperparameters(kind, program.cells[0].hyperparameters, program.base)
    numeric = {}
    for name in sorted(name for name, item in declared.items() if not item.structural):
        values = np.array([cell.hyperparameters[name] for cell in program.cells], float)
        numeric[name] = values[0] if np.all(values == values[0]) else values
    return numeric


def optimizer_maker(kind: type[Optimizer], program: Program) -> Callable[[Mapping[str, Any], Any], Optimizer]:
    """Return a function that makes the optimizer of a program with other numeric hyperparameters."""
    template = catalogue.create_optimizer(kind, program.cells[0].hyperparameters, program.base)
    return lambda numeric, _: _with_values(template, numeric)


def _with_values(template: Optimizer, numeric: Mapping[str, Any], prefix: str = "") -> Optimizer:
    """A copy with other numeric values; those of an optimizer that it wraps are called ``base.beta_2``."""
    optimizer = copy.copy(template)
    for name, item in hyperparameters(template).items():
        flat = prefix + name
        if item.wraps:
            object.__setattr__(optimizer, name, _with_values(getattr(template, name), numeric, f"{flat}."))
        elif flat in numeric:
            object.__setattr__(optimizer, name, numeric[flat])
    if hasattr(optimizer, "__post_init__"):  # what it derives must come from these values too
        optimizer.__post_init__()
    return optimizer
