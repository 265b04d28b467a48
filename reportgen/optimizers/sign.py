"""SignSGD and Signum: the signs alone of the gradient, or of its running mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class SignSGD(Optimizer):
    """Every coordinate moves by the learning rate, against the sign of its gradient."""

    name: ClassVar[str] = "signsgd"
    title: ClassVar[str] = "SignSGD"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \eta\, \mathrm{sign}(g_t)"
    source: ClassVar[str] = "Bernstein et al. 2018"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step; there is no state."""
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate * tf.sign(gradient), state


@dataclass(frozen=True)
class Signum(Optimizer):
    """SignSGD with the sign of the gradient's running mean."""

    title: ClassVar[str] = "Signum"
    formula: ClassVar[str] = r"m_t = \beta m_{t-1} + (1-\beta)\, g_t \\ x_t = x_{t-1} - \eta\, \mathrm{sign}(m_t)"
    source: ClassVar[str] = "Bernstein et al. 2018"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"

    beta: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta", doc="decay of the running mean")

    def init(self, x: Any) -> Any:
        """The running mean, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, mean: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the signs of the mean."""
        _, gradient = problem.value_and_gradient(x)
        mean = self.beta * mean + (1 - self.beta) * gradient
        return x - problem.learning_rate * tf.sign(mean), mean
