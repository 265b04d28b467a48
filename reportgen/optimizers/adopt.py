"""ADOPT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adopt(Optimizer):
    """Adam that divides by the second moment of the steps before, so that it converges with any of its decay."""

    title: ClassVar[str] = "ADOPT"
    formula: ClassVar[str] = (
        r"v_1 = g_1^2 \\ x_1 = x_0 \\ n_t = \operatorname{clip}\left(\frac{g_t}{\max(\sqrt{v_{t-1}}, \epsilon)},\, "
        r"(t-1)^{1/4}\right) \\ m_t = \beta_1 m_{t-1} + (1-\beta_1)\, n_t \\ x_t = x_{t-1} - \eta\, m_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2"
    )
    source: ClassVar[str] = "Taniguchi et al. 2024, Algorithm 2"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The first step only measures the gradient and does not move. pytorch_optimizer clips at t instead of t - 1 to "
        "the power 1/4; without the limit both agree."
    )

    beta_1: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta_1", doc="decay of the scaled gradient's mean")
    beta_2: float = hyperparameter(0.9999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean")
    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="smallest divisor")
    clipped: bool = hyperparameter(True, doc="whether the scaled gradient is limited (the paper's second version)")

    def init(self, x: Any) -> Any:
        """Running means of the scaled gradient and of the gradient's square, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the mean of the scaled gradients."""
        mean, square = state
        _, gradient = problem.value_and_gradient(x)
        later = problem.step > 1
        scaled = tf.where(later, gradient / tf.maximum(tf.sqrt(square), self.epsilon), 0.0)
        if self.clipped:
            limit = (problem.step - 1) ** 0.25
            scaled = tf.maximum(tf.minimum(scaled, limit), -limit)
        mean = self.beta_1 * mean + (1 - self.beta_1) * scaled
        fresh = tf.where(later, 1 - self.beta_2, 1.0)
        square = tf.where(later, self.beta_2, 0.0) * square + fresh * (gradient * gradient)
        return x - problem.learning_rate * mean, (mean, square)
