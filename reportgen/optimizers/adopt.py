"""ADOPT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import BETA_1, BETA_2, EPSILON
from reportgen.tensor import Tensor


class AdoptState(NamedTuple):
    """State of ADOPT."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the scaled gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient


@dataclass(frozen=True)
class Adopt(Optimizer):
    """Adam that divides by the second moment of the previous steps, so that it converges for any beta_2."""

    title: ClassVar[str] = "ADOPT"
    formula: ClassVar[str] = (
        r"v_1 = g_1^2 \\ x_1 = x_0 \\ n_t = \operatorname{clip}\left(\frac{g_t}{\max(\sqrt{v_{t-1}}, \epsilon)},\, "
        r"(t-1)^{1/4}\right) \\ m_t = \beta_1 m_{t-1} + (1-\beta_1)\, n_t \\ x_t = x_{t-1} - \eta\, m_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2"
    )
    source: ClassVar[str] = "Taniguchi et al. 2024, Algorithm 2"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The first step only measures the gradient and does not move x. pytorch_optimizer clips at t instead of t - 1 "
        "to the power 1/4; without clipping both agree."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    beta_1: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\beta_1", doc="decay of the scaled gradient's mean", search=BETA_1
    )
    beta_2: float = hyperparameter(
        0.9999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean", search=BETA_2
    )
    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="lower bound of the divisor", search=EPSILON)
    clipped: bool = hyperparameter(
        True,
        doc="clip the scaled gradient (the paper's second version)",
        search=Search(choices=(False, True), source="Taniguchi et al. 2024, both versions"),
    )

    def init(self, x: Tensor) -> AdoptState:
        """Both running means are zero."""
        return AdoptState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdoptState, problem: Problem) -> tuple[Tensor, AdoptState]:
        """One step along the running mean of the scaled gradient."""
        _, grad = problem.value_and_gradient(x)
        after_first = problem.step > 1
        scaled = tf.where(after_first, grad / tf.maximum(tf.sqrt(state.nu), self.epsilon), 0.0)
        if self.clipped:
            limit = (problem.step - 1) ** 0.25
            scaled = tf.maximum(tf.minimum(scaled, limit), -limit)
        mu = self.beta_1 * state.mu + (1 - self.beta_1) * scaled
        grad_weight = tf.where(after_first, 1 - self.beta_2, 1.0)
        nu = tf.where(after_first, self.beta_2, 0.0) * state.nu + grad_weight * (grad * grad)
        return x - problem.learning_rate * mu, AdoptState(mu, nu)
