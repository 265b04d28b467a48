"""SignSGD and Signum: steps along the sign of the gradient, or of its running mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import DECAY
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class SignSGD(Optimizer):
    """Every coordinate moves by the learning rate, against the sign of its gradient."""

    name: ClassVar[str] = "signsgd"
    title: ClassVar[str] = "SignSGD"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \eta\, \mathrm{sign}(g_t)"
    source: ClassVar[str] = "Bernstein et al. 2018"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"

    def step(self, x: Tensor, state: tuple[()], problem: Problem) -> tuple[Tensor, tuple[()]]:
        """One step; there is no state."""
        _, grad = problem.value_and_gradient(x)
        return x - problem.learning_rate * tf.sign(grad), state


class SignumState(NamedTuple):
    """State of Signum."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient


@dataclass(frozen=True)
class Signum(Optimizer):
    """SignSGD with the sign of the running mean of the gradient."""

    title: ClassVar[str] = "Signum"
    formula: ClassVar[str] = r"m_t = \beta m_{t-1} + (1-\beta)\, g_t \\ x_t = x_{t-1} - \eta\, \mathrm{sign}(m_t)"
    source: ClassVar[str] = "Bernstein et al. 2018"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"

    beta: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta", doc="decay of the running mean", search=DECAY)

    def init(self, x: Tensor) -> SignumState:
        """The running mean is zero."""
        return SignumState(tf.zeros_like(x))

    def step(self, x: Tensor, state: SignumState, problem: Problem) -> tuple[Tensor, SignumState]:
        """One step along the signs of the running mean."""
        _, grad = problem.value_and_gradient(x)
        mu = self.beta * state.mu + (1 - self.beta) * grad
        return x - problem.learning_rate * tf.sign(mu), SignumState(mu)
