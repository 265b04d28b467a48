"""Rprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Rprop(Optimizer):
    """A step size for each coordinate, which grows while the gradient keeps its sign and shrinks where it turns."""

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
        "The learning rate is the size of the first step alone, so a schedule changes nothing else. optax applies the "
        "update of the step before."
    )

    shrink: float = hyperparameter(0.5, low=0, high=1, symbol=r"\eta^-", doc="factor of the size where the sign turned")
    grow: float = hyperparameter(1.2, low=1, symbol=r"\eta^+", doc="factor of the size where the sign stayed")
    smallest: float = hyperparameter(1e-6, low=0, symbol=r"\Delta_{\min}", doc="lower bound of the size")
    largest: float = hyperparameter(50.0, low=0, symbol=r"\Delta_{\max}", doc="upper bound of the size")

    def init(self, x: Any) -> Any:
        """The gradient that was last followed, and the sizes of the steps, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of each coordinate's own size; where the sign turned there is none."""
        followed, size = state
        _, gradient = problem.value_and_gradient(x)
        size = tf.where(problem.step == 1, problem.learning_rate, size)
        sign = tf.sign(gradient * followed)
        size = tf.where(sign > 0, self.grow * size, tf.where(sign < 0, self.shrink * size, size))
        size = tf.minimum(tf.maximum(size, self.smallest), self.largest)
        followed = tf.where(sign < 0, 0.0, gradient)
        return x - size * tf.sign(followed), (followed, size)
