"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import ACCUMULATOR, EPSILON
from reportgen.tensor import Tensor


class AdagradState(NamedTuple):
    """State of Adagrad."""

    sum_of_squares: Tensor  # shape=[dim], dtype of x: sum of the squared gradients


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Gradient descent with step sizes that shrink with the sum of the squared gradients of each coordinate."""

    title: ClassVar[str] = "Adagrad"
    formula: ClassVar[str] = r"a_t = a_{t-1} + g_t^2 \\ x_t = x_{t-1} - \eta\, \frac{g_t}{\sqrt{a_t} + \epsilon}"
    source: ClassVar[str] = "Duchi, Hazan and Singer 2011; defaults: Keras, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "Epsilon is added outside the square root, as in PyTorch and TensorFlow's kernel. Keras and optax add it "
        "inside: epsilon_inside = true."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    initial_accumulator: float = hyperparameter(
        0.1, low=0, symbol="a_0", doc="initial sum of squared gradients", search=ACCUMULATOR
    )
    epsilon: float = hyperparameter(1e-7, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    epsilon_inside: bool = hyperparameter(False, doc="add epsilon inside the square root", source="PyTorch")

    def init(self, x: Tensor) -> AdagradState:
        """The sum starts at ``initial_accumulator``."""
        return AdagradState(tf.zeros_like(x) + self.initial_accumulator)

    def step(self, x: Tensor, state: AdagradState, problem: Problem) -> tuple[Tensor, AdagradState]:
        """One step scaled by the root of the sum of squares."""
        _, grad = problem.value_and_gradient(x)
        sum_of_squares = state.sum_of_squares + grad * grad
        root = tf.sqrt(sum_of_squares + self.epsilon) if self.epsilon_inside else tf.sqrt(sum_of_squares) + self.epsilon
        return x - problem.learning_rate * grad / root, AdagradState(sum_of_squares)
