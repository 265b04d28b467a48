"""Lookahead, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, base_optimizer, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class LookaheadState(NamedTuple):
    """State of Lookahead."""

    slow: Tensor  # shape=[dim], dtype of x: the slow position
    base_state: LookaheadState  # what ``base.init`` returns


@dataclass(frozen=True)
class Lookahead(Optimizer):
    """Runs the base optimizer and, every k steps, pulls it back towards a slow position that follows."""

    title: ClassVar[str] = "Lookahead"
    formula: ClassVar[str] = (
        r"\hat{x}_t = \operatorname{base}(x_{t-1}, g_t) \\ "
        r"x_t = s_t = s_{t-1} + \alpha\, (\hat{x}_t - s_{t-1}) \quad \text{where } k \text{ divides } t \\ "
        r"x_t = \hat{x}_t, \; s_t = s_{t-1} \quad \text{elsewhere}"
    )
    source: ClassVar[str] = "Zhang et al. 2019"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "The position is the fast one; it equals the slow one every k steps. The base keeps its state, as it does in "
        "optax by default."
    )

    base: Any = base_optimizer("momentum")  # a name in a config, an optimizer in init and step
    k: int = hyperparameter(
        5,
        low=1,
        symbol="k",
        doc="steps of the base between two synchronizations",
        search=Search(choices=(5, 10), source="Zhang et al. 2019"),
    )
    alpha: float = hyperparameter(
        0.5,
        low=0,
        high=1,
        symbol=r"\alpha",
        doc="how far the slow position follows",
        search=Search(0.2, 0.9, "linear", source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> LookaheadState:
        """The slow position starts at ``x``."""
        return LookaheadState(x, self.base.init(x))

    def step(self, x: Tensor, state: LookaheadState, problem: Problem) -> tuple[Tensor, LookaheadState]:
        """One step of the base, and a synchronization in every k-th step."""
        fast, base_state = self.base.step(x, state.base_state, problem)
        sync = problem.step % self.k == 0
        slow = tf.where(sync, state.slow + self.alpha * (fast - state.slow), state.slow)
        return tf.where(sync, slow, fast), LookaheadState(slow, base_state)
