"""Gradient descent with momentum: the heavy ball, and Nesterov's variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


def _momentum() -> Any:
    return hyperparameter(
        0.9,
        low=0,
        high=1,
        symbol=r"\mu",
        doc="share of the velocity that is kept",
        source="the usual value; PyTorch, optax and Keras have none",
    )


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent that keeps a share of its last step."""

    title: ClassVar[str] = "Momentum"
    formula: ClassVar[str] = r"v_1 = g_1 \\ v_t = \mu v_{t-1} + (1-\tau)\, g_t \\ x_t = x_{t-1} - \eta\, v_t"
    source: ClassVar[str] = "Polyak 1964; this form: PyTorch, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "Keras and TensorFlow's guide keep the learning rate inside the velocity, which is the same as long as "
        "the rate does not change. Dampening is PyTorch's alone, and spares the first gradient."
    )

    momentum: float = _momentum()
    dampening: float = hyperparameter(0.0, low=0, high=1, symbol=r"\tau", doc="share of each gradient that is left out")

    def init(self, x: Any) -> Any:
        """The velocity, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, velocity: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the velocity."""
        _, gradient = problem.value_and_gradient(x)
        share = tf.where(problem.step == 1, 1.0, 1 - self.dampening)
        velocity = self.momentum * velocity + share * gradient
        return x - problem.learning_rate * velocity, velocity


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Momentum that steps as if the velocity had been applied before the gradient was taken."""

    title: ClassVar[str] = "Nesterov momentum"
    formula: ClassVar[str] = r"v_t = \mu v_{t-1} + g_t \\ x_t = x_{t-1} - \eta\,(g_t + \mu v_t)"
    source: ClassVar[str] = "Nesterov 1983, in the form of Sutskever et al. 2013; PyTorch, Keras, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"

    momentum: float = _momentum()

    def init(self, x: Any) -> Any:
        """The velocity, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, velocity: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the gradient and the velocity to come."""
        _, gradient = problem.value_and_gradient(x)
        velocity = self.momentum * velocity + gradient
        return x - problem.learning_rate * (gradient + self.momentum * velocity), velocity
