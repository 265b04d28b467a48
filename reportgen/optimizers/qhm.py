"""Quasi-hyperbolic momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, GRADIENT_RATE
from reportgen.tensor import Tensor


class QHMState(NamedTuple):
    """State of quasi-hyperbolic momentum."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient


@dataclass(frozen=True)
class QHM(Optimizer):
    """A weighted mean of a plain gradient step and a momentum step."""

    name: ClassVar[str] = "qhm"
    title: ClassVar[str] = "Quasi-hyperbolic momentum"
    formula: ClassVar[str] = (
        r"m_t = \beta\, m_{t-1} + (1-\beta)\, g_t \\ x_t = x_{t-1} - \eta\, \left( (1-\nu)\, g_t + \nu\, m_t \right)"
    )
    source: ClassVar[str] = "Ma and Yarats 2019"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE
    note: ClassVar[str] = "The momentum is a running mean, so the learning rate means the same for any decay."
    default_learning_rate: ClassVar[float | None] = 1.0  # documentation of the authors' code

    beta: float = hyperparameter(
        0.999,
        low=0,
        high=1,
        symbol=r"\beta",
        doc="decay of the gradient's running mean",
        search=Search(0.9, 0.9999, "1 - log", source=AROUND_DEFAULT),
    )
    nu: float = hyperparameter(
        0.7,
        low=0,
        high=1,
        symbol=r"\nu",
        doc="weight of the momentum step",
        search=Search(0.0, 1.0, "linear", source="all weights, from gradient descent to momentum"),
    )

    def init(self, x: Tensor) -> QHMState:
        """The running mean is zero."""
        return QHMState(tf.zeros_like(x))

    def step(self, x: Tensor, state: QHMState, problem: Problem) -> tuple[Tensor, QHMState]:
        """One step along the weighted mean of gradient and momentum."""
        _, grad = problem.value_and_gradient(x)
        mu = self.beta * state.mu + (1 - self.beta) * grad
        updates = (1 - self.nu) * grad + self.nu * mu
        return x - problem.learning_rate * updates, QHMState(mu)
