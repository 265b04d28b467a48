"""Polyak's step length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem


@dataclass(frozen=True)
class Polyak(Optimizer):
    """Gradient descent as far as a linear loss would fall to its known minimum, and no further than the rate allows."""

    title: ClassVar[str] = "Polyak's step"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \min\left(\eta, \frac{f(x_{t-1}) - f^*}{\|g_t\|^2}\right) g_t"
    source: ClassVar[str] = "Polyak 1969; with a largest rate: Loizou et al. 2021"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "It is told the minimum value of the loss, which real work seldom knows. The learning rate is the upper limit "
        "of the step, as optax's max_learning_rate. Where the gradient is zero, it stays."
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step; there is no state."""
        value, gradient = problem.value_and_gradient(x)
        # By rounding alone the loss may lie below its minimum.
        gap = tf.maximum(value - problem.minimum, 0.0)
        steep = tf.tensordot(gradient, gradient, 1)
        rate = tf.where(steep > 0, tf.minimum(gap / steep, problem.learning_rate), 0.0)
        return x - rate * gradient, state
