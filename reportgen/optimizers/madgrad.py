"""MADGRAD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Madgrad(Optimizer):
    """Dual averaging with the cube root of the summed squares, and momentum by averaging."""

    title: ClassVar[str] = "MADGRAD"
    formula: ClassVar[str] = (
        r"\lambda_t = (\eta + \epsilon) \sqrt{t} \\ s_t = s_{t-1} + \lambda_t\, g_t \\ "
        r"v_t = v_{t-1} + \lambda_t\, g_t^2 \\ z_t = x_0 - \frac{s_t}{\sqrt[3]{v_t} + \epsilon} \\ "
        r"x_t = \mu\, x_{t-1} + (1-\mu)\, z_t"
    )
    source: ClassVar[str] = "Defazio and Jelassi 2022; the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "Epsilon is added to the learning rate too, as in the authors' code. optax has the same rule with weights "
        "rounded to float32."
    )

    momentum: float = hyperparameter(0.9, low=0, high=1, symbol=r"\mu", doc="share of the position that is kept")
    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")

    def init(self, x: Any) -> Any:
        """Sums of the gradient and of its square, and the start, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x), x

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step towards the point that dual averaging gives."""
        total, square, start = state
        _, gradient = problem.value_and_gradient(x)
        weight = (problem.learning_rate + self.epsilon) * problem.step**0.5
        total = total + weight * gradient
        square = square + weight * (gradient * gradient)
        target = start - total / (square ** (1 / 3) + self.epsilon)
        return self.momentum * x + (1 - self.momentum) * target, (total, square, start)
