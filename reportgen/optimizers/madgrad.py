"""MADGRAD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import DECAY, EPSILON
from reportgen.tensor import Tensor


class MadgradState(NamedTuple):
    """State of MADGRAD."""

    s: Tensor  # shape=[dim], dtype of x: weighted sum of the gradients
    grad_sum_sq: Tensor  # shape=[dim], dtype of x: weighted sum of the squared gradients
    x0: Tensor  # shape=[dim], dtype of x: the start


@dataclass(frozen=True)
class Madgrad(Optimizer):
    """Dual averaging scaled by the cube root of the summed squared gradients, with momentum by averaging."""

    title: ClassVar[str] = "MADGRAD"
    formula: ClassVar[str] = (
        r"\lambda_t = (\eta + \epsilon) \sqrt{t} \\ s_t = s_{t-1} + \lambda_t\, g_t \\ "
        r"v_t = v_{t-1} + \lambda_t\, g_t^2 \\ z_t = x_0 - \frac{s_t}{\sqrt[3]{v_t} + \epsilon} \\ "
        r"x_t = \mu\, x_{t-1} + (1-\mu)\, z_t"
    )
    source: ClassVar[str] = "Defazio and Jelassi 2022; the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "Epsilon is also added to the learning rate, as in the authors' code. optax has the same rule with weights "
        "rounded to float32."
    )
    default_learning_rate: ClassVar[float | None] = 0.01

    momentum: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\mu", doc="fraction of the position that is kept", search=DECAY
    )
    epsilon: float = hyperparameter(1e-6, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)

    def init(self, x: Tensor) -> MadgradState:
        """Both sums are zero, and ``x`` is the start."""
        return MadgradState(tf.zeros_like(x), tf.zeros_like(x), x)

    def step(self, x: Tensor, state: MadgradState, problem: Problem) -> tuple[Tensor, MadgradState]:
        """One step towards the point that dual averaging gives."""
        _, grad = problem.value_and_gradient(x)
        weight = (problem.learning_rate + self.epsilon) * problem.step**0.5
        s = state.s + weight * grad
        grad_sum_sq = state.grad_sum_sq + weight * (grad * grad)
        z = state.x0 - s / (grad_sum_sq ** (1 / 3) + self.epsilon)
        return self.momentum * x + (1 - self.momentum) * z, MadgradState(s, grad_sum_sq, state.x0)
