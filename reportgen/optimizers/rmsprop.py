"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import DECAY, EPSILON
from reportgen.tensor import Tensor


class RMSpropState(NamedTuple):
    """State of RMSprop."""

    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient
    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient; () if not centered
    trace: Tensor  # shape=[dim], dtype of x: the momentum


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
        "Epsilon is added outside the square root, as in PyTorch. Keras, optax and TensorFlow's kernel add it inside: "
        "epsilon_inside = true. The learning rate is applied outside the momentum, as in PyTorch and optax."
    )
    default_learning_rate: ClassVar[float | None] = 0.001

    rho: float = hyperparameter(0.9, low=0, high=1, symbol=r"\rho", doc="decay of the running means", search=DECAY)
    epsilon: float = hyperparameter(1e-7, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    epsilon_inside: bool = hyperparameter(False, doc="add epsilon inside the square root", source="PyTorch")
    momentum: float = hyperparameter(
        0.0,
        low=0,
        high=1,
        symbol=r"\mu",
        doc="fraction of the last step that is kept",
        search=Search(0.0, 0.95, "linear", source="from 0 to a little above the usual 0.9"),
    )
    centered: bool = hyperparameter(
        False,
        doc="subtract the squared running mean of the gradient inside the square root (Graves 2013)",
        search=Search(choices=(False, True), source="both versions"),
    )

    def init(self, x: Tensor) -> RMSpropState:
        """All fields are zero."""
        return RMSpropState(tf.zeros_like(x), tf.zeros_like(x) if self.centered else (), tf.zeros_like(x))

    def step(self, x: Tensor, state: RMSpropState, problem: Problem) -> tuple[Tensor, RMSpropState]:
        """One step scaled by the root of the running mean."""
        _, grad = problem.value_and_gradient(x)
        nu = self.rho * state.nu + (1 - self.rho) * (grad * grad)
        mu, variance = state.mu, nu
        if self.centered:
            mu = self.rho * state.mu + (1 - self.rho) * grad
            variance = nu - mu * mu
        root = tf.sqrt(variance + self.epsilon) if self.epsilon_inside else tf.sqrt(variance) + self.epsilon
        trace = self.momentum * state.trace + grad / root
        return x - problem.learning_rate * trace, RMSpropState(nu, mu, trace)
