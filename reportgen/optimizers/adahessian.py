"""AdaHessian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.optimizers.search_ranges import EPSILON
from reportgen.tensor import Tensor


class AdaHessianState(NamedTuple):
    """State of AdaHessian."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared diagonal of the Hessian


@dataclass(frozen=True)
class AdaHessian(Moments):
    """Adam with the diagonal of the Hessian instead of the gradient in the second moment."""

    name: ClassVar[str] = "adahessian"
    title: ClassVar[str] = "AdaHessian"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2) \operatorname{diag}(\nabla^2 f(x_{t-1}))^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Yao et al. 2021, Algorithm 2; defaults: the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The diagonal is exact; the paper estimates it from random vectors. The Hessian power is 1, and nothing is "
        "averaged over neighbouring coordinates."
    )
    default_learning_rate: ClassVar[float | None] = 0.15

    epsilon: float = hyperparameter(1e-4, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)

    def init(self, x: Tensor) -> AdaHessianState:
        """Both moments are zero."""
        return AdaHessianState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdaHessianState, problem: Problem) -> tuple[Tensor, AdaHessianState]:
        """One step along the bias-corrected moments."""
        _, grad = problem.value_and_gradient(x)
        hessian_diagonal = tf.linalg.diag_part(problem.hessian(x))
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, hessian_diagonal)
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        return x - problem.learning_rate * mu_hat / (tf.sqrt(nu_hat) + self.epsilon), AdaHessianState(mu, nu)
