"""AdaMax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.tensor import Tensor


class AdamaxState(NamedTuple):
    """State of AdaMax."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: decaying maximum of the absolute gradient


@dataclass(frozen=True)
class Adamax(Moments):
    """Adam with a decaying maximum of the absolute gradient instead of its root mean square."""

    title: ClassVar[str] = "AdaMax"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon) \\ "
        r"x_t = x_{t-1} - \frac{\eta}{1-\beta_1^t}\, \frac{m_t}{u_t}"
    )
    source: ClassVar[str] = "Kingma and Ba 2015, Algorithm 2; epsilon: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = "Keras and TensorFlow's kernel add epsilon to the maximum: epsilon_inside = false."
    default_learning_rate: ClassVar[float | None] = 0.002

    epsilon_inside: bool = hyperparameter(
        True, doc="add epsilon to the absolute gradient, inside the maximum", source="PyTorch, optax"
    )

    def init(self, x: Tensor) -> AdamaxState:
        """The mean and the maximum are zero."""
        return AdamaxState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdamaxState, problem: Problem) -> tuple[Tensor, AdamaxState]:
        """One step scaled by the decaying maximum."""
        _, grad = problem.value_and_gradient(x)
        mu = self.update_mu(state.mu, grad)
        inside, outside = (self.epsilon, 0.0) if self.epsilon_inside else (0.0, self.epsilon)
        nu = tf.maximum(self.beta_2 * state.nu, tf.abs(grad) + inside)
        mu_correction, _ = self.bias_corrections(problem)
        return x - (problem.learning_rate / mu_correction) * mu / (nu + outside), AdamaxState(mu, nu)
