"""DoG, distance over gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class DoG(Optimizer):
    """Gradient descent whose rate is the largest distance from the start over the root of all squared gradients."""

    name: ClassVar[str] = "dog"
    title: ClassVar[str] = "DoG"
    formula: ClassVar[str] = (
        r"r_t = \max(r_{t-1}, \|x_{t-1} - x_0\|) \\ G_t = G_{t-1} + \|g_t\|^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{r_t}{\sqrt{G_t + \epsilon}}\, g_t"
    )
    source: ClassVar[str] = "Ivgi, Hinder and Carmon 2023; optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The learning rate is a factor on its own rate, usually 1. The position is the last iterate, as in optax; the "
        "paper also offers an average of them."
    )

    initial: float = hyperparameter(
        1e-6, low=0, symbol=r"r_\epsilon", doc="first distance, as a share of 1 + the norm of the start"
    )
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")

    def init(self, x: Any) -> Any:
        """The start, shape [dim], the largest distance from it, and the sum of squared gradient norms."""
        return x, self.initial * (1 + tf.norm(x)), tf.zeros_like(tf.norm(x))

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step at the rate of this distance and these gradients."""
        start, farthest, total = state
        _, gradient = problem.value_and_gradient(x)
        farthest = tf.maximum(farthest, tf.norm(start - x))
        total = total + tf.tensordot(gradient, gradient, 1)
        rate = problem.learning_rate * farthest / tf.sqrt(total + self.epsilon)
        return x - rate * gradient, (start, farthest, total)
