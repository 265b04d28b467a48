"""Gradient descent with momentum: the heavy ball, and Nesterov's variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import GRADIENT_RATE, MOMENTUM
from reportgen.tensor import Tensor


def _momentum() -> Any:
    return hyperparameter(
        0.9,
        low=0,
        high=1,
        symbol=r"\mu",
        doc="fraction of the velocity that each step keeps",
        source="the usual value; PyTorch, optax and Keras have none",
        search=MOMENTUM,
    )


class TraceState(NamedTuple):
    """State of both rules."""

    trace: Tensor  # shape=[dim], dtype of x: the velocity, a decaying sum of the gradients


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent that keeps a fraction of its last step."""

    title: ClassVar[str] = "Momentum"
    formula: ClassVar[str] = r"v_1 = g_1 \\ v_t = \mu v_{t-1} + (1-\tau)\, g_t \\ x_t = x_{t-1} - \eta\, v_t"
    source: ClassVar[str] = "Polyak 1964; this form: PyTorch, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE
    note: ClassVar[str] = (
        "Keras and TensorFlow's guide include the learning rate in the velocity, which is equivalent while the "
        "learning rate is constant. Only PyTorch has dampening, which does not apply to the first gradient."
    )

    momentum: float = _momentum()
    dampening: float = hyperparameter(
        0.0,
        low=0,
        high=1,
        symbol=r"\tau",
        doc="fraction of each gradient left out",
        search=Search(0.0, 0.9, "linear", source="from 0 to a running mean with the usual momentum"),
    )

    def init(self, x: Tensor) -> TraceState:
        """The velocity is zero."""
        return TraceState(tf.zeros_like(x))

    def step(self, x: Tensor, state: TraceState, problem: Problem) -> tuple[Tensor, TraceState]:
        """One step along the velocity."""
        _, grad = problem.value_and_gradient(x)
        grad_weight = tf.where(problem.step > 1, 1 - self.dampening, 1.0)
        trace = self.momentum * state.trace + grad_weight * grad
        return x - problem.learning_rate * trace, TraceState(trace)


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Momentum that steps as if the gradient had been taken after the velocity was applied."""

    title: ClassVar[str] = "Nesterov momentum"
    formula: ClassVar[str] = r"v_t = \mu v_{t-1} + g_t \\ x_t = x_{t-1} - \eta\,(g_t + \mu v_t)"
    source: ClassVar[str] = "Nesterov 1983, in the form of Sutskever et al. 2013; PyTorch, Keras, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE

    momentum: float = _momentum()

    def init(self, x: Tensor) -> TraceState:
        """The velocity is zero."""
        return TraceState(tf.zeros_like(x))

    def step(self, x: Tensor, state: TraceState, problem: Problem) -> tuple[Tensor, TraceState]:
        """One step along the gradient and the next velocity."""
        _, grad = problem.value_and_gradient(x)
        trace = self.momentum * state.trace + grad
        return x - problem.learning_rate * (grad + self.momentum * trace), TraceState(trace)
