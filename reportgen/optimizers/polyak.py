"""Polyak's step length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class Polyak(Optimizer):
    """Gradient descent with the step that takes a linear loss to its known minimum, limited by the learning rate."""

    title: ClassVar[str] = "Polyak's step"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \min\left(\eta, \frac{f(x_{t-1}) - f^*}{\|g_t\|^2}\right) g_t"
    source: ClassVar[str] = "Polyak 1969; with a largest rate: Loizou et al. 2021"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The rule uses the minimum value of the loss, which is seldom known in practice. The learning rate is the "
        "upper limit of the step size, as optax's max_learning_rate. If the gradient is zero, x does not move."
    )
    default_learning_rate: ClassVar[float | None] = 1.0  # optax

    def step(self, x: Tensor, state: tuple[()], problem: Problem) -> tuple[Tensor, tuple[()]]:
        """One step; there is no state."""
        value, grad = problem.value_and_gradient(x)
        # Rounding can put the loss below its minimum.
        gap = tf.maximum(value - problem.minimum, 0.0)
        grad_sq_norm = tf.tensordot(grad, grad, 1)
        step_size = tf.where(grad_sq_norm > 0, tf.minimum(gap / grad_sq_norm, problem.learning_rate), 0.0)
        return x - step_size * grad, state
