"""Aggregated momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class AggMo(Optimizer):
    """The mean of several velocities, each damped in its own way."""

    name: ClassVar[str] = "aggmo"
    title: ClassVar[str] = "Aggregated momentum"
    formula: ClassVar[str] = (
        r"v_t^{(i)} = (1 - a^i)\, v_{t-1}^{(i)} + g_t \quad i = 0, \dots, K-1 \\ "
        r"x_t = x_{t-1} - \frac{\eta}{K} \sum_{i=0}^{K-1} v_t^{(i)}"
    )
    source: ClassVar[str] = "Lucas et al. 2019"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = "The decays are 0, 0.9 and 0.99 by default; others follow the paper's exponential scheme."

    velocities: int = hyperparameter(3, low=1, symbol="K", doc="number of velocities")
    damping: float = hyperparameter(0.1, low=0, high=1, symbol="a", doc="each velocity loses a power of this share")

    def init(self, x: Any) -> Any:
        """The velocities, each of shape [dim]."""
        return (tf.zeros_like(x),) * self.velocities

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along their mean."""
        _, gradient = problem.value_and_gradient(x)
        state = tuple((1 - self.damping**i) * velocity + gradient for i, velocity in enumerate(state))
        return x - problem.learning_rate / self.velocities * sum(state), state
