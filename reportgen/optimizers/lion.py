"""Lion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Lion(Optimizer):
    """The sign of a momentum: every coordinate moves by the learning rate."""

    title: ClassVar[str] = "Lion"
    formula: ClassVar[str] = (
        r"x_t = x_{t-1} - \eta \left( \mathrm{sign}(\beta_1 m_{t-1} + (1-\beta_1)\, g_t) + \lambda x_{t-1} \right) \\ "
        r"m_t = \beta_2 m_{t-1} + (1-\beta_2)\, g_t"
    )
    source: ClassVar[str] = "Chen et al. 2023"
    verified: ClassVar[str] = "optax 0.2.8, Keras 3.15, pytorch_optimizer 4.1"

    beta_1: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\beta_1", doc="share of the momentum in the step's sign"
    )
    beta_2: float = hyperparameter(0.99, low=0, high=1, symbol=r"\beta_2", doc="decay of the momentum")
    weight_decay: float = hyperparameter(
        0.0,
        low=0,
        symbol=r"\lambda",
        doc="share of the position that is taken away, times the rate",
        source="Keras; the paper tunes it, optax has 0.001",
    )

    def init(self, x: Any) -> Any:
        """The momentum, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, momentum: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the signs."""
        _, gradient = problem.value_and_gradient(x)
        sign = tf.sign(self.beta_1 * momentum + (1 - self.beta_1) * gradient)
        momentum = self.beta_2 * momentum + (1 - self.beta_2) * gradient
        return x - problem.learning_rate * (sign + self.weight_decay * x), momentum
