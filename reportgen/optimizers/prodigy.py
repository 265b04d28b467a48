"""Prodigy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Problem, Search, hyperparameter
from reportgen.optimizers.moments import Moments
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, LEARNING_RATE_FACTOR
from reportgen.tensor import Tensor


class ProdigyState(NamedTuple):
    """State of Prodigy."""

    exp_avg: Tensor  # shape=[dim], dtype of x: running mean of the scaled gradient
    exp_avg_sq: Tensor  # shape=[dim], dtype of x: running mean of its square
    grad_sum: Tensor  # shape=[dim], dtype of x: decaying weighted sum of the gradients
    params0: Tensor  # shape=[dim], dtype of x: the start
    estim_lr: Tensor  # shape=(), float64: estimate of the distance to the solution
    numerator_weighted: Tensor  # shape=(), float64: numerator of the estimate


@dataclass(frozen=True)
class Prodigy(Moments):
    """Adam with an estimate of the distance to the solution as learning rate; the estimate never decreases."""

    title: ClassVar[str] = "Prodigy"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, d_t\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, d_t^2 g_t^2 \\ "
        r"\gamma_t = \eta\, d_t \sqrt{1-\beta_2^t} / (1-\beta_1^t) \\ "
        r"r_t = \sqrt{\beta_2}\, r_{t-1} + \gamma_t\, d_t\, g_t^{\top} (x_0 - x_{t-1}) \\ "
        r"s_t = \sqrt{\beta_2}\, s_{t-1} + \gamma_t\, d_t\, g_t \\ d_{t+1} = \max(d_t,\, c\, r_t / \|s_t\|_1) \\ "
        r"x_t = x_{t-1} - \gamma_t\, \frac{m_t}{\sqrt{v_t} + d_{t+1}\, \epsilon}"
    )
    source: ClassVar[str] = "Mishchenko and Defazio 2024, Algorithm 4; the authors' code, optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The learning rate multiplies the estimate and is usually 1. As in optax, the step size always includes the "
        "bias corrections. If all gradients were zero, the estimate does not change."
    )
    default_learning_rate: ClassVar[float | None] = 1.0
    learning_rate_search: ClassVar[Search] = LEARNING_RATE_FACTOR

    initial_distance: float = hyperparameter(
        1e-6,
        low=0,
        symbol="d_1",
        doc="initial estimate of the distance",
        search=Search(1e-8, 1e-2, source=AROUND_DEFAULT),
    )
    growth: float = hyperparameter(
        1.0,
        low=0,
        symbol="c",
        doc="factor on the estimate",
        search=Search(0.5, 2.0, source="the authors' code, d_coef"),
    )

    def init(self, x: Tensor) -> ProdigyState:
        """Means, sum and numerator are zero, ``x`` is the start, and the estimate is ``initial_distance``."""
        zeros = tf.zeros_like(x)
        return ProdigyState(zeros, zeros, zeros, x, self.initial_distance, 0.0)

    def step(self, x: Tensor, state: ProdigyState, problem: Problem) -> tuple[Tensor, ProdigyState]:
        """One step of Adam with the estimate as learning rate, and the next estimate."""
        _, grad = problem.value_and_gradient(x)
        mu_correction, nu_correction = self.bias_corrections(problem)
        step_size = state.estim_lr * problem.learning_rate * nu_correction**0.5 / mu_correction
        scaled = state.estim_lr * grad
        exp_avg, exp_avg_sq = self.update_mu(state.exp_avg, scaled), self.update_nu(state.exp_avg_sq, scaled)
        # Both sums are divided by the initial estimate, so that they do not underflow in float32.
        decay = self.beta_2**0.5
        grad_sum = decay * state.grad_sum + step_size * scaled / self.initial_distance
        numerator = tf.tensordot(grad, state.params0 - x, 1)
        weight = state.estim_lr / self.initial_distance * step_size
        numerator_weighted = decay * state.numerator_weighted + weight * numerator
        denominator = tf.reduce_sum(tf.abs(grad_sum))
        estimate = tf.where(denominator > 0, self.growth * numerator_weighted / denominator, 0.0)
        estim_lr = tf.maximum(state.estim_lr, estimate)
        x = x - step_size * exp_avg / (tf.sqrt(exp_avg_sq) + estim_lr * self.epsilon)
        return x, ProdigyState(exp_avg, exp_avg_sq, grad_sum, state.params0, estim_lr, numerator_weighted)
