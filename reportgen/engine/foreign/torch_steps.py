"""Steps of PyTorch optimizers: one parameter per run, and one optimizer for all runs if it does not mix them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from reportgen.engine.foreign.errors import NotReproducible
from reportgen.engine.foreign.objects import Shapes
from reportgen.engine.inputs import RunInputs
from reportgen.engine.result import Array
from reportgen.foreign import TorchOptimizer

_WATCHED = 3
"""Runs that another optimizer of their own makes as well."""


class MixedRunsError(Exception):
    """One optimizer for all runs makes other steps than one optimizer per run."""


class TorchSteps:
    """Makes the steps of all runs."""

    def __init__(
        self, kind: type[TorchOptimizer], values: Mapping[str, Any], shapes: Shapes, *, together: bool
    ) -> None:
        """Declare what is run.

        Args:
            kind: the declaration.
            values: its hyperparameters.
            shapes: of the arrays that a position consists of; empty: one vector.
            together: whether one optimizer serves all runs, with one parameter group per learning rate.
        """
        self._kind = kind
        self._arguments = _arguments(kind, values)
        self._has_schedule = values["schedule"] != "constant"
        self._together = together
        self.shapes = shapes
        self.counted: Array | None = None
        self.evaluations: Array | None = None

    def start(self, inputs: RunInputs) -> None:
        """Make parameters and optimizers."""
        self._make_optimizers(inputs)
        self._has_modes = all(hasattr(self._optimizers[0], mode) for mode in ("train", "eval"))
        if self._has_modes:
            self._set_modes("train")

    def _make_optimizers(self, inputs: RunInputs) -> None:
        rates = inputs.learning_rate.tolist()
        self._rows = Rows(inputs.x0, self.shapes)
        self._last: Array | None = None
        runs = range(len(rates))
        if self._together:
            self._runs_of_group = [[run for run in runs if rates[run] == rate] for rate in dict.fromkeys(rates)]
            groups = [
                {"params": [each for i in runs for each in self._rows.parameters[i]], self._kind.rate: rates[runs[0]]}
                for runs in self._runs_of_group
            ]
            self._optimizers = [self.optimizer(groups, rates[0])]
        else:
            self._runs_of_group = [[run] for run in runs]
            self._optimizers = [self.optimizer(self._rows.parameters[run], rates[run]) for run in runs]
        watched = np.linspace(0, len(rates) - 1, _WATCHED).astype(int) if self._together else [0]
        self._watched = np.unique(watched).tolist()
        self._alone = Rows(inputs.x0[self._watched], self.shapes)
        for run, parameters in zip(self._watched, self._alone.parameters, strict=True):
            self._optimizers.append(self.optimizer(parameters, rates[run]))
            self._runs_of_group.append([run])

    def step(self, x: Array, gradient: Array, rate: Array) -> Array:
        """Step all runs; see ``Stepper.step``."""
        moved = self._last is not None and not np.array_equal(x, self._last, equal_nan=True)
        self._rows.set(x if moved else None, gradient)
        self._alone.set(x[self._watched] if moved else None, gradient[self._watched])
        if self._has_schedule:
            self._set_rates(rate)
        self._step_optimizers(x)
        self._last = self._positions()
        if self._has_modes:
            self._set_modes("eval")
            self.counted = self._positions()
            self._set_modes("train")
        return self._last

    def _step_optimizers(self, _: Array) -> None:
        for optimizer in self._optimizers:
            optimizer.step()

    def _positions(self) -> Array:
        """Where all runs are.

        Raises:
            MixedRunsError: a watched run is elsewhere with an optimizer of its own, while one serves all runs.
            NotReproducible: the same, although each run has an optimizer of its own.
        """
        positions: Array = self._rows.x.numpy().copy()
        if not _close(self._alone.x.numpy(), positions[self._watched]):
            raise MixedRunsError if self._together else NotReproducible
        return positions

    def _set_modes(self, mode: str) -> None:
        """Move all parameters to where they are evaluated, or back to where they are trained."""
        for optimizer in self._optimizers:
            getattr(optimizer, mode)()

    def _set_rates(self, rate: Array) -> None:
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        for group, runs in zip(groups, self._runs_of_group, strict=True):
            group["lr"] = float(rate[runs[0]])

    def optimizer(self, parameters: Any, rate: float) -> torch.optim.Optimizer:
        """Return a new optimizer of parameters, or of groups of them."""
        optimizer: torch.optim.Optimizer = self._kind.target(parameters, **{self._kind.rate: rate}, **self._arguments)
        return optimizer


class Rows:
    """Parameters that are parts of the rows of one tensor, and their gradients, which are parts of another."""

    def __init__(self, x: Array, shapes: Shapes) -> None:
        self.x = torch.from_numpy(x.copy())
        self.parameters = [[torch.nn.Parameter(part) for part in _parts(row, shapes)] for row in self.x]
        self._shapes = shapes
        self._gradient = torch.zeros_like(self.x)
        self._gradients = [_parts(row, shapes) for row in self._gradient]

    def set(self, x: Array | None, gradient: Array) -> None:
        """Set the gradients, and the positions unless they are None."""
        if x is not None:
            self.x.copy_(torch.from_numpy(x))
        self._gradient.copy_(torch.from_numpy(gradient))
        for parameters, gradients in zip(self.parameters, self._gradients, strict=True):
            for parameter, of_parameter in zip(parameters, gradients, strict=True):
                parameter.grad = of_parameter

    def set_gradient(self, row: int, gradient: Array) -> None:
        """Set the gradients of one row to a new tensor."""
        of_row = _parts(torch.from_numpy(gradient), self._shapes)
        for parameter, of_parameter in zip(self.parameters[row], of_row, strict=True):
            parameter.grad = of_parameter


def _parts(row: torch.Tensor, shapes: Shapes) -> list[torch.Tensor]:
    """Views of the arrays that a row consists of."""
    if not shapes:
        return [row]
    pieces = torch.split(row, [math.prod(shape) for shape in shapes])
    return [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]


def _close(one: Array, other: Array) -> bool:
    """Whether positions are equal but for the order of rounding."""
    if np.array_equal(one, other, equal_nan=True):
        return True
    return bool(np.allclose(one, other, rtol=16 * np.finfo(one.dtype).eps, atol=0, equal_nan=True))


def _arguments(kind: type[TorchOptimizer], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the optimizer, with tuples put together."""
    plain = {name: value for name, value in values.items() if name != "schedule"}
    tuples = {name: tuple(plain.pop(part) for part in parts) for name, parts in kind.tuples.items()}
    return plain | tuples
