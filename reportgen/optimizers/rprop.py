"""Rprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class RpropState(NamedTuple):
    """State of Rprop."""

    prev_grad: Tensor  # shape=[dim], dtype of x: gradient of the previous step; 0 where its sign had changed
    step_sizes: Tensor  # shape=[dim], dtype of x


@dataclass(frozen=True)
class Rprop(Optimizer):
    """One step size per coordinate: it grows while the gradient keeps its sign and shrinks when the sign changes."""

    title: ClassVar[str] = "Rprop"
    formula: ClassVar[str] = (
        r"s_t = \mathrm{sign}(g_t\, h_{t-1}) \\ "
        r"\Delta_t = \eta^+ \Delta_{t-1} \; (s_t = 1), \quad \Delta_{t-1} \; (s_t = 0), \quad "
        r"\eta^- \Delta_{t-1} \; (s_t = -1) \\ "
        r"h_t = g_t \; (s_t \ge 0), \quad 0 \; (s_t = -1) \\ "
        r"x_t = x_{t-1} - \Delta_t\, \mathrm{sign}(h_t)"
    )
    source: ClassVar[str] = "Riedmiller and Braun 1993, without going back where the sign turns: as in PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13"
    note: ClassVar[str] = (
        "The learning rate only sets the size of the first step, so a schedule has no other effect. optax applies the "
        "update of the previous step."
    )
    default_learning_rate: ClassVar[float | None] = 0.01

    shrink: float = hyperparameter(
        0.5,
        low=0,
        high=1,
        symbol=r"\eta^-",
        doc="factor if the sign has changed",
        search=Search(0.2, 0.8, "linear", source=AROUND_DEFAULT),
    )
    grow: float = hyperparameter(
        1.2,
        low=1,
        symbol=r"\eta^+",
        doc="factor if the sign has not changed",
        search=Search(1.05, 1.5, "linear", source=AROUND_DEFAULT),
    )
    smallest: float = hyperparameter(
        1e-6,
        low=0,
        symbol=r"\Delta_{\min}",
        doc="lower bound of the step size",
        search=Search(1e-10, 1e-4, source=AROUND_DEFAULT),
    )
    largest: float = hyperparameter(
        50.0,
        low=0,
        symbol=r"\Delta_{\max}",
        doc="upper bound of the step size",
        search=Search(0.1, 100.0, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> RpropState:
        """Both fields are zero; the first step sets the step sizes."""
        return RpropState(tf.zeros_like(x), tf.zeros_like(x))

    def step(self, x: Tensor, state: RpropState, problem: Problem) -> tuple[Tensor, RpropState]:
        """One step with a size per coordinate; a coordinate does not move if the sign has changed."""
        _, grad = problem.value_and_gradient(x)
        sizes = tf.where(problem.step == 1, problem.learning_rate, state.step_sizes)
        sign = tf.sign(grad * state.prev_grad)
        sizes = tf.where(sign > 0, self.grow * sizes, tf.where(sign < 0, self.shrink * sizes, sizes))
        sizes = tf.minimum(tf.maximum(sizes, self.smallest), self.largest)
        grad = tf.where(sign < 0, tf.zeros_like(grad), grad)
        return x - sizes * tf.sign(grad), RpropState(grad, sizes)
