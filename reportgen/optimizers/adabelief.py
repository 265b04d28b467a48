"""AdaBelief."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, Search, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.tensor import Tensor


class AdaBeliefState(NamedTuple):
    """State of AdaBelief."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared deviation of the gradient from mu


@dataclass(frozen=True)
class AdaBelief(Moments):
    """Adam scaled by the deviation of the gradient from its mean: steps are long where gradients are as expected."""

    name: ClassVar[str] = "adabelief"
    title: ClassVar[str] = "AdaBelief"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"s_t = \beta_2 s_{t-1} + (1-\beta_2)\, (g_t - m_t)^2 + \epsilon_s \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{s_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Zhuang et al. 2020; defaults: optax"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = "The paper and pytorch_optimizer use one epsilon in both places; optax has two."
    default_learning_rate: ClassVar[float | None] = 0.001

    epsilon: float = hyperparameter(
        1e-16,
        low=0,
        symbol=r"\epsilon",
        doc="avoids division by zero",
        search=Search(1e-16, 1e-2, source="from the default to the largest of other rules"),
    )
    epsilon_root: float = hyperparameter(
        1e-16, low=0, symbol=r"\epsilon_s", doc="added to the second moment in every step, so that it accumulates"
    )

    def init(self, x: Tensor) -> AdaBeliefState:
        """Both moments are zero."""
        return AdaBeliefState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdaBeliefState, problem: Problem) -> tuple[Tensor, AdaBeliefState]:
        """One step scaled by the deviation of the gradient from its mean."""
        _, grad = problem.value_and_gradient(x)
        mu = self.update_mu(state.mu, grad)
        nu = self.update_nu(state.nu, grad - mu) + self.epsilon_root
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        return x - problem.learning_rate * mu_hat / (tf.sqrt(nu_hat) + self.epsilon), AdaBeliefState(mu, nu)
