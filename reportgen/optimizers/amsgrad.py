"""AMSGrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import AdamBase
from reportgen.tensor import Tensor


class AMSGradState(NamedTuple):
    """State of AMSGrad."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient
    nu_max: Tensor  # shape=[dim], dtype of x: largest second moment so far


@dataclass(frozen=True)
class AMSGrad(AdamBase):
    """Adam with the largest second moment so far, so that no coordinate's effective learning rate grows again."""

    name: ClassVar[str] = "amsgrad"
    title: ClassVar[str] = "AMSGrad"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"u_t = \max(u_{t-1}, v_t) \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{u_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Reddi, Kale and Kumar 2018; the correction and the defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15"
    note: ClassVar[str] = (
        "Four conventions give four trajectories. PyTorch corrects the maximum (after), optax takes the maximum of "
        "corrected moments (before), and the paper corrects nothing (none). Keras is PyTorch's with epsilon_corrected."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    correction: str = hyperparameter(
        "after",
        choices=("after", "before", "none"),
        doc="bias-correct the second moment after or before the maximum is taken; none: correct neither moment",
        source="PyTorch",
    )

    def init(self, x: Tensor) -> AMSGradState:
        """Both moments and the maximum are zero."""
        return AMSGradState(tf.zeros_like(x), tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AMSGradState, problem: Problem) -> tuple[Tensor, AMSGradState]:
        """One step scaled by the largest second moment."""
        _, grad = problem.value_and_gradient(x)
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, grad)
        mu_correction, nu_correction = (1.0, 1.0) if self.correction == "none" else self.bias_corrections(problem)
        nu_max = tf.maximum(state.nu_max, nu / nu_correction if self.correction == "before" else nu)
        nu_hat = nu_max / nu_correction if self.correction == "after" else nu_max
        root = tf.sqrt(nu_hat) + self.epsilon_after(nu_correction)
        return x - problem.learning_rate * (mu / mu_correction) / root, AMSGradState(mu, nu, nu_max)
