"""FTRL-Proximal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Ftrl(Optimizer):
    """The minimizer of all gradients so far, linear in x, with proximal terms that make it sparse."""

    title: ClassVar[str] = "FTRL-Proximal"
    formula: ClassVar[str] = (
        r"a_t = a_{t-1} + g_t^2 \\ z_t = z_{t-1} + g_t - \frac{a_t^{-p} - a_{t-1}^{-p}}{\eta}\, x_{t-1} \\ "
        r"x_t = \frac{\mathrm{clip}(z_t, -\lambda_1, \lambda_1) - z_t}{(a_t^{-p} + \beta) / \eta + 2 \lambda_2}"
    )
    source: ClassVar[str] = "McMahan et al. 2013; the initial accumulator: Keras"
    verified: ClassVar[str] = "Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "It forgets where it started: the first step draws x towards the origin, the more so the smaller the first "
        "gradient is. As in Keras the quadratic term is twice lambda_2."
    )

    learning_rate_power: float = hyperparameter(-0.5, high=0, symbol="p", doc="how the rate falls with the accumulator")
    initial_accumulator: float = hyperparameter(0.1, low=0, symbol="a_0", doc="sum of squares before the first step")
    l1: float = hyperparameter(
        0.0, low=0, symbol=r"\lambda_1", doc="weight of the absolute values, which makes x sparse"
    )
    l2: float = hyperparameter(0.0, low=0, symbol=r"\lambda_2", doc="weight of the squares")
    beta: float = hyperparameter(0.0, low=0, symbol=r"\beta", doc="added to the accumulator's power", source="Keras")

    def init(self, x: Any) -> Any:
        """The sum of squared gradients and the linear term, each of shape [dim]."""
        return tf.zeros_like(x) + self.initial_accumulator, tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """The minimizer of the linear term with its proximal terms."""
        total, linear = state
        _, gradient = problem.value_and_gradient(x)
        power, before = -self.learning_rate_power, total
        total = before + gradient * gradient
        linear = linear + gradient - (total**power - before**power) / problem.learning_rate * x
        quadratic = (total**power + self.beta) / problem.learning_rate + 2 * self.l2
        clipped = tf.minimum(tf.maximum(linear, -self.l1), self.l1)
        return (clipped - linear) / quadratic, (total, linear)
