"""Lion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import DECAY
from reportgen.tensor import Tensor


class LionState(NamedTuple):
    """State of Lion."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient


@dataclass(frozen=True)
class Lion(Optimizer):
    """Steps along the sign of a momentum: every coordinate moves by the learning rate."""

    title: ClassVar[str] = "Lion"
    formula: ClassVar[str] = (
        r"x_t = x_{t-1} - \eta \left( \mathrm{sign}(\beta_1 m_{t-1} + (1-\beta_1)\, g_t) + \lambda x_{t-1} \right) \\ "
        r"m_t = \beta_2 m_{t-1} + (1-\beta_2)\, g_t"
    )
    source: ClassVar[str] = "Chen et al. 2023"
    verified: ClassVar[str] = "optax 0.2.8, Keras 3.15, pytorch_optimizer 4.1"
    default_learning_rate: ClassVar[float | None] = 0.0001

    beta_1: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\beta_1", doc="weight of the momentum in the sign", search=DECAY
    )
    beta_2: float = hyperparameter(0.99, low=0, high=1, symbol=r"\beta_2", doc="decay of the momentum", search=DECAY)
    weight_decay: float = hyperparameter(
        0.0,
        low=0,
        symbol=r"\lambda",
        doc="fraction of the position that each step subtracts, times the learning rate",
        source="Keras; the paper tunes it, optax has 0.001",
    )

    def init(self, x: Tensor) -> LionState:
        """The momentum is zero."""
        return LionState(tf.zeros_like(x))

    def step(self, x: Tensor, state: LionState, problem: Problem) -> tuple[Tensor, LionState]:
        """One step along the signs."""
        _, grad = problem.value_and_gradient(x)
        updates = tf.sign(self.beta_1 * state.mu + (1 - self.beta_1) * grad)
        mu = self.beta_2 * state.mu + (1 - self.beta_2) * grad
        return x - problem.learning_rate * (updates + self.weight_decay * x), LionState(mu)
