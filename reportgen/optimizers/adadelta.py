"""Adadelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import DECAY, EPSILON, LEARNING_RATE_FACTOR
from reportgen.tensor import Tensor


class AdadeltaState(NamedTuple):
    """State of Adadelta."""

    e_g: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient
    e_x: Tensor  # shape=[dim], dtype of x: running mean of the squared updates


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Scales the gradient by the root mean square of recent updates over that of recent gradients."""

    title: ClassVar[str] = "Adadelta"
    formula: ClassVar[str] = (
        r"v_t = \rho v_{t-1} + (1-\rho)\, g_t^2 \\ "
        r"d_t = \frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{v_t + \epsilon}}\, g_t \\ "
        r"u_t = \rho u_{t-1} + (1-\rho)\, d_t^2 \\ x_t = x_{t-1} - \eta\, d_t"
    )
    source: ClassVar[str] = "Zeiler 2012, with the values of its experiments"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "The paper has no learning rate, which corresponds to a learning rate of 1. Epsilon sets the size of the first "
        "steps."
    )
    default_learning_rate: ClassVar[float | None] = 1.0
    learning_rate_search: ClassVar[Search] = LEARNING_RATE_FACTOR

    rho: float = hyperparameter(0.95, low=0, high=1, symbol=r"\rho", doc="decay of both running means", search=DECAY)
    epsilon: float = hyperparameter(
        1e-6,
        low=0,
        symbol=r"\epsilon",
        doc="sets the size of the first steps and avoids division by zero",
        search=EPSILON,
    )

    def init(self, x: Tensor) -> AdadeltaState:
        """Both running means are zero."""
        return AdadeltaState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: AdadeltaState, problem: Problem) -> tuple[Tensor, AdadeltaState]:
        """One step along the gradient, scaled by the ratio of both root mean squares."""
        _, grad = problem.value_and_gradient(x)
        e_g = self.rho * state.e_g + (1 - self.rho) * (grad * grad)
        updates = tf.sqrt(state.e_x + self.epsilon) / tf.sqrt(e_g + self.epsilon) * grad
        e_x = self.rho * state.e_x + (1 - self.rho) * (updates * updates)
        return x - problem.learning_rate * updates, AdadeltaState(e_g, e_x)
