"""Sophia."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Sophia(Optimizer):
    """A running mean of the gradient over one of the Hessian's diagonal, each coordinate's step limited."""

    title: ClassVar[str] = "Sophia"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"h_t = \beta_2 h_{t-1} + (1-\beta_2) \operatorname{diag} \nabla^2 f(x_{t-1}) "
        r"\quad \text{every } k \text{ steps} \\ "
        r"x_t = x_{t-1} - \eta \operatorname{clip}\left(\frac{m_t}{\max(\gamma\, h_t, \epsilon)},\, 1\right)"
    )
    source: ClassVar[str] = "Liu et al. 2024, Algorithm 3"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The diagonal is exact where the paper estimates it; it is computed and counted in every step, also in those "
        "that do not use it. optax corrects m for its start at zero and uses a new diagonal one step later."
    )

    beta_1: float = hyperparameter(0.96, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean")
    beta_2: float = hyperparameter(0.99, low=0, high=1, symbol=r"\beta_2", doc="decay of the diagonal's running mean")
    gamma: float = hyperparameter(0.01, low=0, symbol=r"\gamma", doc="share of the curvature that divides")
    epsilon: float = hyperparameter(1e-12, low=0, symbol=r"\epsilon", doc="smallest divisor")
    k: int = hyperparameter(10, low=1, symbol="k", doc="steps from one diagonal to the next")

    def init(self, x: Any) -> Any:
        """Running means of the gradient and of the Hessian's diagonal, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the limited quotient."""
        mean, curvature = state
        _, gradient = problem.value_and_gradient(x)
        diagonal = tf.linalg.diag_part(problem.hessian(x))
        mean = self.beta_1 * mean + (1 - self.beta_1) * gradient
        renewed = self.beta_2 * curvature + (1 - self.beta_2) * diagonal
        curvature = tf.where((problem.step - 1) % self.k == 0, renewed, curvature)
        direction = mean / tf.maximum(self.gamma * curvature, self.epsilon)
        return x - problem.learning_rate * tf.clip_by_value(direction, -1.0, 1.0), (mean, curvature)
