"""Sophia."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, DECAY
from reportgen.tensor import Tensor


class SophiaState(NamedTuple):
    """State of Sophia."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the diagonal of the Hessian


@dataclass(frozen=True)
class Sophia(Optimizer):
    """Divides the running mean of the gradient by that of the Hessian's diagonal, and clips each coordinate."""

    title: ClassVar[str] = "Sophia"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"h_t = \beta_2 h_{t-1} + (1-\beta_2) \operatorname{diag} \nabla^2 f(x_{t-1}) "
        r"\quad \text{every } k \text{ steps} \\ "
        r"x_t = x_{t-1} - \eta \operatorname{clip}\left(\frac{m_t}{\max(\gamma\, h_t, \epsilon)},\, 1\right)"
    )
    source: ClassVar[str] = "Liu et al. 2024, Algorithm 3"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The diagonal is exact; the paper estimates it. It is computed and counted in every step, even in those that "
        "do not use it. optax bias-corrects m and uses a new diagonal one step later."
    )
    default_learning_rate: ClassVar[float | None] = 0.001  # SophiaH of the authors' code

    beta_1: float = hyperparameter(
        0.96, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean", search=DECAY
    )
    beta_2: float = hyperparameter(
        0.99, low=0, high=1, symbol=r"\beta_2", doc="decay of the diagonal's running mean", search=DECAY
    )
    gamma: float = hyperparameter(
        0.01,
        low=0,
        symbol=r"\gamma",
        doc="factor on the curvature in the divisor",
        search=Search(1e-3, 0.1, source=AROUND_DEFAULT),
    )
    epsilon: float = hyperparameter(1e-12, low=0, symbol=r"\epsilon", doc="lower bound of the divisor")
    k: int = hyperparameter(
        10,
        low=1,
        symbol="k",
        doc="steps between two updates of the diagonal",
        search=Search(choices=(1, 10), source="every step, and the default"),
    )

    def init(self, x: Tensor) -> SophiaState:
        """Both running means are zero."""
        return SophiaState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: SophiaState, problem: Problem) -> tuple[Tensor, SophiaState]:
        """One step along the clipped ratio of both running means."""
        _, grad = problem.value_and_gradient(x)
        hessian_diagonal = tf.linalg.diag_part(problem.hessian(x))
        mu = self.beta_1 * state.mu + (1 - self.beta_1) * grad
        new_nu = self.beta_2 * state.nu + (1 - self.beta_2) * hessian_diagonal
        nu = tf.where((problem.step - 1) % self.k == 0, new_nu, state.nu)
        updates = tf.clip_by_value(mu / tf.maximum(self.gamma * nu, self.epsilon), -1.0, 1.0)
        return x - problem.learning_rate * updates, SophiaState(mu, nu)
