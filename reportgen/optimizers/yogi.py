"""Yogi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class Yogi(Moments):
    """Adam whose second moment changes by what the gradient's size warrants, and not by its own."""

    title: ClassVar[str] = "Yogi"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = v_{t-1} - (1-\beta_2)\, \mathrm{sign}(v_{t-1} - g_t^2)\, g_t^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Zaheer et al. 2018; the corrections and the initial values: optax"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The paper starts the first moment at zero and corrects neither; optax and pytorch_optimizer start both at "
        "initial_accumulator and correct both, and so does this."
    )

    epsilon: float = hyperparameter(1e-3, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    initial_accumulator: float = hyperparameter(
        1e-6, low=0, symbol="m_0 = v_0", doc="both moments before the first step", source="optax"
    )

    def init(self, x: Any) -> Any:
        """The first and the second moment, each of shape [dim]."""
        return tf.zeros_like(x) + self.initial_accumulator, tf.zeros_like(x) + self.initial_accumulator

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the corrected moments."""
        _, gradient = problem.value_and_gradient(x)
        mean, square = self.mean(state[0], gradient), gradient * gradient
        second_moment = state[1] - (1 - self.beta_2) * tf.sign(state[1] - square) * square
        first, second = self.corrections(problem)
        root = tf.sqrt(second_moment / second) + self.epsilon
        return x - problem.learning_rate * (mean / first) / root, (mean, second_moment)
