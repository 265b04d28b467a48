"""DoG, distance over gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import EPSILON, LEARNING_RATE_FACTOR
from reportgen.tensor import Tensor


class DoGState(NamedTuple):
    """State of DoG."""

    init_params: Tensor  # shape=[dim], dtype of x: the start
    max_dist: Tensor  # shape=(), dtype of x: largest distance from the start
    sum_sq_norm_grads: Tensor  # shape=(), dtype of x: sum of the squared gradient norms


@dataclass(frozen=True)
class DoG(Optimizer):
    """Gradient descent; the step size is the largest distance from the start over the norm of all gradients."""

    name: ClassVar[str] = "dog"
    title: ClassVar[str] = "DoG"
    formula: ClassVar[str] = (
        r"r_t = \max(r_{t-1}, \|x_{t-1} - x_0\|) \\ G_t = G_{t-1} + \|g_t\|^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{r_t}{\sqrt{G_t + \epsilon}}\, g_t"
    )
    source: ClassVar[str] = "Ivgi, Hinder and Carmon 2023; optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The learning rate multiplies the estimated step size and is usually 1. The position is the last iterate, as "
        "in optax; the paper also offers an average of the iterates."
    )
    default_learning_rate: ClassVar[float | None] = 1.0
    learning_rate_search: ClassVar[Search] = LEARNING_RATE_FACTOR

    initial: float = hyperparameter(
        1e-6,
        low=0,
        symbol=r"r_\epsilon",
        doc="initial distance, as a fraction of 1 + the norm of the start",
        search=Search(1e-8, 1e-4, source="the authors' code, reps_rel"),
    )
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)

    def init(self, x: Tensor) -> DoGState:
        """The start, the initial distance, and a sum of zero."""
        return DoGState(x, self.initial * (1 + euclidean_norm(x)), tf.zeros_like(euclidean_norm(x)))

    def step(self, x: Tensor, state: DoGState, problem: Problem) -> tuple[Tensor, DoGState]:
        """One step of the estimated size."""
        _, grad = problem.value_and_gradient(x)
        max_dist = tf.maximum(state.max_dist, euclidean_norm(state.init_params - x))
        sum_sq_norm_grads = state.sum_sq_norm_grads + tf.tensordot(grad, grad, 1)
        step_size = problem.learning_rate * max_dist / tf.sqrt(sum_sq_norm_grads + self.epsilon)
        return x - step_size * grad, DoGState(state.init_params, max_dist, sum_sq_norm_grads)
