"""LAMB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.moments import AdamState, Moments
from reportgen.optimizers.search_ranges import EPSILON
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class Lamb(Moments):
    """Adam's direction, rescaled to the norm of the position."""

    title: ClassVar[str] = "LAMB"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"u_t = \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon} + \lambda\, x_{t-1} \\ "
        r"x_t = x_{t-1} - \eta\, \frac{\|x_{t-1}\|}{\|u_t\|}\, u_t"
    )
    source: ClassVar[str] = "You et al. 2020, Algorithm 2; defaults: optax"
    verified: ClassVar[str] = "Keras 3.15, optax 0.2.8"
    note: ClassVar[str] = (
        "All coordinates form one layer. If the position or the direction is zero, the ratio of the norms is 1. The "
        "norm of the position is not clipped. Keras applies weight decay outside the rule."
    )
    default_learning_rate: ClassVar[float | None] = 0.001  # Keras

    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    weight_decay: float = hyperparameter(
        0.0, low=0, symbol=r"\lambda", doc="fraction of the position added to the direction"
    )

    def init(self, x: Tensor) -> AdamState:
        """Both moments are zero."""
        return AdamState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdamState, problem: Problem) -> tuple[Tensor, AdamState]:
        """One step along Adam's direction, scaled by the ratio of the norms."""
        _, grad = problem.value_and_gradient(x)
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, grad)
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        updates = mu_hat / (tf.sqrt(nu_hat) + self.epsilon) + self.weight_decay * x
        x_norm, updates_norm = euclidean_norm(x), euclidean_norm(updates)
        trust_ratio = tf.where((x_norm > 0) & (updates_norm > 0), x_norm / updates_norm, 1.0)
        return x - problem.learning_rate * trust_ratio * updates, AdamState(mu, nu)
