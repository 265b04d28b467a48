"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adam(Optimizer):
    """Running mean of the gradient over the root of that of its square, both corrected for their start at zero."""

    title: ClassVar[str] = "Adam"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Kingma and Ba 2015, Algorithm 1; PyTorch, optax"
    note: ClassVar[str] = (
        "Keras and TensorFlow's kernel move the correction of v out of the root, which makes their epsilon larger."
    )

    beta_1: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean")
    beta_2: float = hyperparameter(0.999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean")
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")

    def init(self, x: Any) -> Any:
        """Running means of the gradient and of its square, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the corrected means."""
        mean, square = state
        _, gradient = problem.value_and_gradient(x)
        mean = self.beta_1 * mean + (1 - self.beta_1) * gradient
        square = self.beta_2 * square + (1 - self.beta_2) * (gradient * gradient)
        mean_hat = mean / (1 - self.beta_1**problem.step)
        square_hat = square / (1 - self.beta_2**problem.step)
        return x - problem.learning_rate * mean_hat / (tf.sqrt(square_hat) + self.epsilon), (mean, square)
