"""Quasi-hyperbolic momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class QHM(Optimizer):
    """A weighted mean of a plain gradient step and a momentum step."""

    name: ClassVar[str] = "qhm"
    title: ClassVar[str] = "Quasi-hyperbolic momentum"
    formula: ClassVar[str] = (
        r"m_t = \beta\, m_{t-1} + (1-\beta)\, g_t \\ x_t = x_{t-1} - \eta\, \left( (1-\nu)\, g_t + \nu\, m_t \right)"
    )
    source: ClassVar[str] = "Ma and Yarats 2019"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = "The momentum is a running mean, so that the rate means the same with any decay."

    beta: float = hyperparameter(0.999, low=0, high=1, symbol=r"\beta", doc="decay of the gradient's running mean")
    nu: float = hyperparameter(0.7, low=0, high=1, symbol=r"\nu", doc="weight of the momentum step")

    def init(self, x: Any) -> Any:
        """The running mean of the gradient, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, mean: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along both."""
        _, gradient = problem.value_and_gradient(x)
        mean = self.beta * mean + (1 - self.beta) * gradient
        return x - problem.learning_rate * ((1 - self.nu) * gradient + self.nu * mean), mean
