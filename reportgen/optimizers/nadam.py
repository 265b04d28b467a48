"""Nadam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, Search, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.tensor import Tensor


class NadamState(NamedTuple):
    """State of Nadam."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient
    momentum_product: Tensor  # shape=(), float64: product of the momenta of all steps


@dataclass(frozen=True)
class Nadam(Moments):
    """Adam with Nesterov momentum: each step already uses the momentum of the next one."""

    title: ClassVar[str] = "Nadam"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"\mu_t = \beta_1 (1 - \tfrac{1}{2}\, 0.96^{t \psi}) \\ "
        r"\hat{m}_t = \frac{\mu_{t+1} m_t}{1 - \prod_{i=1}^{t+1} \mu_i}"
        r" + \frac{(1 - \mu_t)\, g_t}{1 - \prod_{i=1}^{t} \mu_i} \\ "
        r"x_t = x_{t-1} - \eta\, \frac{\hat{m}_t}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Dozat 2016; defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, Keras 3.15, optax 0.2.8"
    note: ClassVar[str] = (
        "The momentum grows to its full value, with momentum_decay = 0.004 in PyTorch and 1 in Keras. optax keeps it "
        "constant: warmed = false."
    )
    default_learning_rate: ClassVar[float | None] = 0.002

    momentum_decay: float = hyperparameter(
        0.004,
        low=0,
        symbol=r"\psi",
        doc="how fast the momentum grows from half of beta_1 to beta_1",
        source="PyTorch",
        search=Search(1e-3, 1.0, source="around 0.004, as in PyTorch, to 1, as in Keras"),
    )
    warmed: bool = hyperparameter(True, doc="let the momentum grow; false: beta_1 from the first step")

    def init(self, x: Tensor) -> NadamState:
        """Both moments are zero, and the product is 1."""
        return NadamState(tf.zeros_like(x), tf.zeros_like(x), 1.0)

    def step(self, x: Tensor, state: NadamState, problem: Problem) -> tuple[Tensor, NadamState]:
        """One step along the bias-corrected mean of the next step."""
        _, grad = problem.value_and_gradient(x)
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, grad)
        momentum, next_momentum = self._momentum(problem.step), self._momentum(problem.step + 1)
        product = state.momentum_product * momentum
        mu_hat = next_momentum / (1 - product * next_momentum) * mu + (1 - momentum) / (1 - product) * grad
        _, nu_correction = self.bias_corrections(problem)
        root = tf.sqrt(nu / nu_correction) + self.epsilon
        return x - problem.learning_rate * mu_hat / root, NadamState(mu, nu, product)

    def _momentum(self, step: Tensor) -> Tensor:
        return self.beta_1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay)) if self.warmed else self.beta_1
