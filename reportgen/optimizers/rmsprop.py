"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """The gradient divided by the root of a running mean of its square."""

    name: ClassVar[str] = "rmsprop"
    title: ClassVar[str] = "RMSprop"
    formula: ClassVar[str] = (
        r"v_t = \rho v_{t-1} + (1-\rho)\, g_t^2 \\ b_t = \mu b_{t-1} + \frac{g_t}{\sqrt{v_t} + \epsilon} \\ "
        r"x_t = x_{t-1} - \eta\, b_t"
    )
    source: ClassVar[str] = "Tieleman and Hinton 2012, lecture 6.5; defaults: Keras"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "Epsilon stands outside the root, as in PyTorch; Keras, optax and TensorFlow's kernel add it inside: "
        "epsilon_inside = true. The rate stands outside the momentum, as in PyTorch and optax."
    )

    rho: float = hyperparameter(0.9, low=0, high=1, symbol=r"\rho", doc="decay of the running means")
    epsilon: float = hyperparameter(1e-7, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    epsilon_inside: bool = hyperparameter(False, doc="add epsilon under the root", source="PyTorch")
    momentum: float = hyperparameter(0.0, low=0, high=1, symbol=r"\mu", doc="share of the last step that is kept")
    centered: bool = hyperparameter(
        False, doc="subtract the square of the gradient's running mean under the root (Graves 2013)"
    )

    def init(self, x: Any) -> Any:
        """Running means of the squared gradient and of the gradient, and the momentum, each of shape [dim]."""
        return tf.zeros_like(x), (tf.zeros_like(x) if self.centered else ()), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by the root of the running mean."""
        square, mean, momentum = state
        _, gradient = problem.value_and_gradient(x)
        square = self.rho * square + (1 - self.rho) * (gradient * gradient)
        spread = square
        if self.centered:
            mean = self.rho * mean + (1 - self.rho) * gradient
            spread = square - mean * mean
        root = tf.sqrt(spread + self.epsilon) if self.epsilon_inside else tf.sqrt(spread) + self.epsilon
        momentum = self.momentum * momentum + gradient / root
        return x - problem.learning_rate * momentum, (square, mean, momentum)
