"""Yogi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, Search, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, EPSILON
from reportgen.tensor import Tensor


class YogiState(NamedTuple):
    """State of Yogi."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: second moment, which changes by multiples of the squared gradient


@dataclass(frozen=True)
class Yogi(Moments):
    """Adam with a second moment that changes in proportion to the squared gradient, whatever its own size."""

    title: ClassVar[str] = "Yogi"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = v_{t-1} - (1-\beta_2)\, \mathrm{sign}(v_{t-1} - g_t^2)\, g_t^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Zaheer et al. 2018; the corrections and the initial values: optax"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The paper starts the first moment at zero and corrects neither moment. optax, pytorch_optimizer and this rule "
        "start both at initial_accumulator and correct both."
    )
    default_learning_rate: ClassVar[float | None] = 0.01  # the authors' code

    epsilon: float = hyperparameter(1e-3, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    initial_accumulator: float = hyperparameter(
        1e-6,
        low=0,
        symbol="m_0 = v_0",
        doc="initial value of both moments",
        source="optax",
        search=Search(1e-8, 1e-2, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> YogiState:
        """Both moments start at ``initial_accumulator``."""
        return YogiState(tf.zeros_like(x) + self.initial_accumulator, tf.zeros_like(x) + self.initial_accumulator)

    def step(self, x: Tensor, state: YogiState, problem: Problem) -> tuple[Tensor, YogiState]:
        """One step along the bias-corrected moments."""
        _, grad = problem.value_and_gradient(x)
        mu, grad_sq = self.update_mu(state.mu, grad), grad * grad
        nu = state.nu - (1 - self.beta_2) * tf.sign(state.nu - grad_sq) * grad_sq
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        return x - problem.learning_rate * mu_hat / (tf.sqrt(nu_hat) + self.epsilon), YogiState(mu, nu)
