"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Each coordinate's rate shrinks with the sum of its squared gradients."""

    title: ClassVar[str] = "Adagrad"
    formula: ClassVar[str] = r"a_t = a_{t-1} + g_t^2 \\ x_t = x_{t-1} - \eta\, \frac{g_t}{\sqrt{a_t} + \epsilon}"
    source: ClassVar[str] = "Duchi, Hazan and Singer 2011; defaults: Keras, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "Epsilon stands outside the root, as in PyTorch and TensorFlow's kernel; Keras and optax add it inside: "
        "epsilon_inside = true."
    )

    initial_accumulator: float = hyperparameter(0.1, low=0, symbol="a_0", doc="sum of squares before the first step")
    epsilon: float = hyperparameter(1e-7, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    epsilon_inside: bool = hyperparameter(False, doc="add epsilon under the root", source="PyTorch")

    def init(self, x: Any) -> Any:
        """The sum of squared gradients, shape [dim]."""
        return tf.zeros_like(x) + self.initial_accumulator

    def step(self, x: Any, total: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by the root of the sum."""
        _, gradient = problem.value_and_gradient(x)
        total = total + gradient * gradient
        root = tf.sqrt(total + self.epsilon) if self.epsilon_inside else tf.sqrt(total) + self.epsilon
        return x - problem.learning_rate * gradient / root, total
