"""Prodigy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class Prodigy(Moments):
    """Adam whose rate is an estimate of the distance to the solution that only grows."""

    title: ClassVar[str] = "Prodigy"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, d_t\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, d_t^2 g_t^2 \\ "
        r"\gamma_t = \eta\, d_t \sqrt{1-\beta_2^t} / (1-\beta_1^t) \\ "
        r"r_t = \sqrt{\beta_2}\, r_{t-1} + \gamma_t\, d_t\, g_t^{\top} (x_0 - x_{t-1}) \\ "
        r"s_t = \sqrt{\beta_2}\, s_{t-1} + \gamma_t\, d_t\, g_t \\ d_{t+1} = \max(d_t,\, c\, r_t / \|s_t\|_1) \\ "
        r"x_t = x_{t-1} - \gamma_t\, \frac{m_t}{\sqrt{v_t} + d_{t+1}\, \epsilon}"
    )
    source: ClassVar[str] = "Mishchenko and Defazio 2024, Algorithm 4; the authors' code, optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The learning rate is a factor on its own rate, usually 1. As in optax, the moments' corrections are always "
        "part of the rate. Where all gradients were zero, the estimate stays as it is."
    )

    initial_distance: float = hyperparameter(1e-6, low=0, symbol="d_1", doc="first estimate of the distance")
    growth: float = hyperparameter(1.0, low=0, symbol="c", doc="factor on the estimate")

    def init(self, x: Any) -> Any:
        """Both means and the sum of gradients, each of shape [dim], the start, and the estimate with its numerator."""
        zeros = tf.zeros_like(x)
        return zeros, zeros, zeros, x, self.initial_distance, 0.0

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of Adam at the estimated rate, and the next estimate."""
        mean, square, total, start, distance, gained = state
        _, gradient = problem.value_and_gradient(x)
        of_mean, of_square = self.corrections(problem)
        rate = distance * problem.learning_rate * of_square**0.5 / of_mean
        scaled = distance * gradient
        mean, square = self.mean(mean, scaled), self.square(square, scaled)
        # Both sums are divided by the first estimate, so that in float32 they are not lost below its smallest number.
        kept = self.beta_2**0.5
        total = kept * total + rate * scaled / self.initial_distance
        towards = tf.tensordot(gradient, start - x, 1)
        gained = kept * gained + distance / self.initial_distance * rate * towards
        length = tf.reduce_sum(tf.abs(total))
        estimate = tf.where(length > 0, self.growth * gained / length, 0.0)
        distance = tf.maximum(distance, estimate)
        x = x - rate * mean / (tf.sqrt(square) + distance * self.epsilon)
        return x, (mean, square, total, start, distance, gained)
