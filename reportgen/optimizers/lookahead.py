"""Lookahead, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, base_optimizer, hyperparameter


@dataclass(frozen=True)
class Lookahead(Optimizer):
    """Lets its base run ahead, and every few steps draws it back to a slow position that follows."""

    title: ClassVar[str] = "Lookahead"
    formula: ClassVar[str] = (
        r"\hat{x}_t = \operatorname{base}(x_{t-1}, g_t) \\ "
        r"x_t = s_t = s_{t-1} + \alpha\, (\hat{x}_t - s_{t-1}) \quad \text{where } k \text{ divides } t \\ "
        r"x_t = \hat{x}_t, \; s_t = s_{t-1} \quad \text{elsewhere}"
    )
    source: ClassVar[str] = "Zhang et al. 2019"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The position is the fast one, which every k steps is the slow one too. The base keeps its state, as in optax "
        "by default."
    )

    base: Any = base_optimizer("momentum")
    k: int = hyperparameter(5, low=1, symbol="k", doc="steps of the base from one meeting to the next")
    alpha: float = hyperparameter(0.5, low=0, high=1, symbol=r"\alpha", doc="how far the slow position follows")

    def init(self, x: Any) -> Any:
        """The slow position, shape [dim], and the base's state."""
        return x, self.base.init(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the base, and in every k-th one back."""
        slow, inner = state
        fast, inner = self.base.step(x, inner, problem)
        meeting = problem.step % self.k == 0
        slow = tf.where(meeting, slow + self.alpha * (fast - slow), slow)
        return tf.where(meeting, slow, fast), (slow, inner)
