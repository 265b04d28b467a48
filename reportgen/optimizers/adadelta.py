"""Adadelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps of the size that recent steps had, in units of what recent gradients were."""

    title: ClassVar[str] = "Adadelta"
    formula: ClassVar[str] = (
        r"v_t = \rho v_{t-1} + (1-\rho)\, g_t^2 \\ "
        r"d_t = \frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{v_t + \epsilon}}\, g_t \\ "
        r"u_t = \rho u_{t-1} + (1-\rho)\, d_t^2 \\ x_t = x_{t-1} - \eta\, d_t"
    )
    source: ClassVar[str] = "Zeiler 2012, with the values of its experiments"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "The paper has no learning rate, which is a rate of 1; epsilon sets the size of the first steps."
    )

    rho: float = hyperparameter(0.95, low=0, high=1, symbol=r"\rho", doc="decay of both running means")
    epsilon: float = hyperparameter(
        1e-6, low=0, symbol=r"\epsilon", doc="begins the first steps, keeps the quotient finite"
    )

    def init(self, x: Any) -> Any:
        """Running means of the squared gradient and of the squared step, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by the ratio of both roots."""
        square, moved = state
        _, gradient = problem.value_and_gradient(x)
        square = self.rho * square + (1 - self.rho) * (gradient * gradient)
        direction = tf.sqrt(moved + self.epsilon) / tf.sqrt(square + self.epsilon) * gradient
        moved = self.rho * moved + (1 - self.rho) * (direction * direction)
        return x - problem.learning_rate * direction, (square, moved)
