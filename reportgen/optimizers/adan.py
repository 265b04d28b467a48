"""Adan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import DECAY, EPSILON
from reportgen.tensor import Tensor


class AdanState(NamedTuple):
    """State of Adan, with the letters of the paper."""

    m: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    v: Tensor  # shape=[dim], dtype of x: running mean of the change of the gradient
    n: Tensor  # shape=[dim], dtype of x: running mean of the square of the extrapolated gradient
    prev_grad: Tensor  # shape=[dim], dtype of x: gradient of the previous step


@dataclass(frozen=True)
class Adan(Optimizer):
    """Adam with Nesterov momentum, estimated from the running mean of the change of the gradient."""

    title: ClassVar[str] = "Adan"
    formula: ClassVar[str] = (
        r"d_t = g_t - g_{t-1} \\ m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, d_t \\ "
        r"n_t = \beta_3 n_{t-1} + (1-\beta_3)\, (g_t + \beta_2 d_t)^2 \\ "
        r"u_t = \frac{m_t / (1-\beta_1^t) + \beta_2 v_t / (1-\beta_2^t)}{\sqrt{n_t / (1-\beta_3^t)} + \epsilon} \\ "
        r"x_t = \frac{x_{t-1} - \eta\, u_t}{1 + \eta\, \lambda}"
    )
    source: ClassVar[str] = "Xie et al. 2024, Algorithm 1; the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "Each beta of the paper is 1 - beta here. optax weights the change by 1 - beta_2; the paper and its code "
        "weight it by beta_2. The first change is zero."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    beta_1: float = hyperparameter(
        0.98, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean", search=DECAY
    )
    beta_2: float = hyperparameter(
        0.92, low=0, high=1, symbol=r"\beta_2", doc="decay of the change's running mean", search=DECAY
    )
    beta_3: float = hyperparameter(
        0.99, low=0, high=1, symbol=r"\beta_3", doc="decay of the square's running mean", search=DECAY
    )
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="proximal weight decay")

    def init(self, x: Tensor) -> AdanState:
        """All fields are zero."""
        zeros = tf.zeros_like(x)
        return AdanState(zeros, zeros, zeros, zeros)

    def step(self, x: Tensor, state: AdanState, problem: Problem) -> tuple[Tensor, AdanState]:
        """One step along the bias-corrected means."""
        _, grad = problem.value_and_gradient(x)
        change = tf.where(problem.step > 1, grad - state.prev_grad, 0.0)
        extrapolated = grad + self.beta_2 * change
        m = self.beta_1 * state.m + (1 - self.beta_1) * grad
        v = self.beta_2 * state.v + (1 - self.beta_2) * change
        n = self.beta_3 * state.n + (1 - self.beta_3) * (extrapolated * extrapolated)
        m_hat = m / (1 - self.beta_1**problem.step)
        v_hat = self.beta_2 * v / (1 - self.beta_2**problem.step)
        n_hat = n / (1 - self.beta_3**problem.step)
        updates = (m_hat + v_hat) / (tf.sqrt(n_hat) + self.epsilon)
        x = (x - problem.learning_rate * updates) / (1 + problem.learning_rate * self.weight_decay)
        return x, AdanState(m, v, n, grad)
