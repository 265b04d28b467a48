"""Adam, and AdamW with decoupled weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import AdamBase, AdamState
from reportgen.tensor import Tensor

_MEANS = r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
_QUOTIENT = r"\eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
_NOTE = (
    "Keras and TensorFlow's kernel apply the bias correction of v outside the square root, which makes their epsilon "
    "larger in early steps. epsilon_corrected = true does the same."
)


@dataclass(frozen=True)
class Adam(AdamBase):
    """Divides the running mean of the gradient by the root of that of its square, both bias-corrected."""

    title: ClassVar[str] = "Adam"
    formula: ClassVar[str] = _MEANS + r"x_t = x_{t-1} - " + _QUOTIENT
    source: ClassVar[str] = "Kingma and Ba 2015, Algorithm 1"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = _NOTE
    default_learning_rate: ClassVar[float | None] = 0.001

    def init(self, x: Tensor) -> AdamState:
        """Both moments are zero."""
        return AdamState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdamState, problem: Problem) -> tuple[Tensor, AdamState]:
        """One step along the bias-corrected moments."""
        _, grad = problem.value_and_gradient(x)
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, grad)
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        root = tf.sqrt(nu_hat) + self.epsilon_after(nu_correction)
        return x - problem.learning_rate * mu_hat / root, AdamState(mu, nu)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay, which is not scaled by the size of the gradient."""

    name: ClassVar[str] = "adamw"
    title: ClassVar[str] = "AdamW"
    formula: ClassVar[str] = _MEANS + r"x_t = (1 - \eta \lambda)\, x_{t-1} - " + _QUOTIENT
    source: ClassVar[str] = "Loshchilov and Hutter 2019, as in PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15"
    note: ClassVar[str] = (
        "PyTorch's Adam(weight_decay) differs: it adds the decay to the gradient. The decay is multiplied by "
        "the learning rate, as in all libraries; the paper leaves that to a schedule. " + _NOTE
    )

    weight_decay: float = hyperparameter(
        0.01,
        low=0,
        symbol=r"\lambda",
        doc="fraction of the position that each step subtracts, times the learning rate",
        source="PyTorch",
    )

    def step(self, x: Tensor, state: AdamState, problem: Problem) -> tuple[Tensor, AdamState]:
        """One step of Adam, minus the decay of the position before it."""
        new_x, state = super().step(x, state, problem)
        return new_x - (problem.learning_rate * self.weight_decay) * x, state
