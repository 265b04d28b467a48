"""AdEMAMix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, Search, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class AdEMAMixState(NamedTuple):
    """State of AdEMAMix."""

    m1: Tensor  # shape=[dim], dtype of x: fast running mean of the gradient
    m2: Tensor  # shape=[dim], dtype of x: slow running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient


@dataclass(frozen=True)
class AdEMAMix(Moments):
    """Adam with a second, slower running mean of the gradient added to the first."""

    name: ClassVar[str] = "ademamix"
    title: ClassVar[str] = "AdEMAMix"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ s_t = \beta_3 s_{t-1} + (1-\beta_3)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t) + \alpha\, s_t}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Pagliardini, Ablin and Grangier 2024"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The paper's optional warm-up of alpha and beta_3 is left out, as it is by default in optax and "
        "pytorch_optimizer. The slow mean is not bias-corrected."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    beta_3: float = hyperparameter(
        0.9999,
        low=0,
        high=1,
        symbol=r"\beta_3",
        doc="decay of the slow running mean",
        search=Search(0.99, 0.99999, "1 - log", source=AROUND_DEFAULT),
    )
    alpha: float = hyperparameter(
        5.0, low=0, symbol=r"\alpha", doc="weight of the slow mean", search=Search(1.0, 20.0, source=AROUND_DEFAULT)
    )

    def init(self, x: Tensor) -> AdEMAMixState:
        """All running means are zero."""
        zeros = tf.zeros_like(x)
        return AdEMAMixState(zeros, zeros, zeros)

    def step(self, x: Tensor, state: AdEMAMixState, problem: Problem) -> tuple[Tensor, AdEMAMixState]:
        """One step along the sum of both means."""
        _, grad = problem.value_and_gradient(x)
        m1, nu = self.update_mu(state.m1, grad), self.update_nu(state.nu, grad)
        m2 = self.beta_3 * state.m2 + (1 - self.beta_3) * grad
        m1_correction, nu_correction = self.bias_corrections(problem)
        mixed, nu_hat = m1 / m1_correction + self.alpha * m2, nu / nu_correction
        return x - problem.learning_rate * mixed / (tf.sqrt(nu_hat) + self.epsilon), AdEMAMixState(m1, m2, nu)
