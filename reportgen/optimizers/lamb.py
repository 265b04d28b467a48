"""LAMB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class Lamb(Moments):
    """Adam's direction, made as long as the position is far from the origin."""

    title: ClassVar[str] = "LAMB"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"u_t = \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon} + \lambda\, x_{t-1} \\ "
        r"x_t = x_{t-1} - \eta\, \frac{\|x_{t-1}\|}{\|u_t\|}\, u_t"
    )
    source: ClassVar[str] = "You et al. 2020, Algorithm 2; defaults: optax"
    verified: ClassVar[str] = "Keras 3.15, optax 0.2.8"
    note: ClassVar[str] = (
        "The whole position is one layer. Where it or the direction is zero, the quotient of the norms is taken as 1; "
        "the norm of the position is not limited. Keras applies weight decay apart from the rule, not inside it."
    )

    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="share of the position in the direction")

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along Adam's direction, scaled by the quotient of the norms."""
        mean, square = state
        _, gradient = problem.value_and_gradient(x)
        mean, square = self.mean(mean, gradient), self.square(square, gradient)
        of_mean, of_square = self.corrections(problem)
        direction = (mean / of_mean) / (tf.sqrt(square / of_square) + self.epsilon) + self.weight_decay * x
        far, long = tf.norm(x), tf.norm(direction)
        ratio = tf.where((far > 0) & (long > 0), far / long, 1.0)
        return x - problem.learning_rate * ratio * direction, (mean, square)
