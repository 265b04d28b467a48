"""Averaged gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class ASGD(Optimizer):
    """Gradient descent with a falling rate, of which the average of all iterates is the result."""

    name: ClassVar[str] = "asgd"
    title: ClassVar[str] = "Averaged gradient descent"
    formula: ClassVar[str] = (
        r"\eta_t = \frac{\eta}{(1 + \lambda\, \eta\, (t-1))^{\alpha}} \\ "
        r"z_t = (1 - \lambda\, \eta_t)\, z_{t-1} - \eta_t\, g(z_{t-1}) \\ "
        r"x_t = x_{t-1} + \frac{z_t - x_{t-1}}{\max(1, t-1-t_0)}"
    )
    source: ClassVar[str] = "Polyak and Juditsky 1992; rates and defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13"
    note: ClassVar[str] = (
        "The position is the average, which PyTorch keeps as ax beside its parameters; gradients are taken at the "
        "iterate z. Up to step t_0 + 2 both are the same."
    )

    decay: float = hyperparameter(1e-4, low=0, symbol=r"\lambda", doc="weight decay, and how soon the rate falls")
    power: float = hyperparameter(0.75, low=0, symbol=r"\alpha", doc="how fast the rate falls")
    average_from: float = hyperparameter(
        0.0,
        low=0,
        symbol="t_0",
        doc="steps before the average begins",
        source="Polyak and Juditsky 1992; PyTorch waits for a million steps",
    )

    def init(self, x: Any) -> Any:
        """The iterate, shape [dim]."""
        return x

    def step(self, x: Any, iterate: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the iterate, and the average with it."""
        _, gradient = problem.value_and_gradient(iterate)
        done = problem.step - 1
        rate = problem.learning_rate / (1 + self.decay * problem.learning_rate * done) ** self.power
        iterate = (1 - self.decay * rate) * iterate - rate * gradient
        return x + (iterate - x) / tf.maximum(1.0, done - self.average_from), iterate
