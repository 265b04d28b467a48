"""Aggregated momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, GRADIENT_RATE
from reportgen.tensor import Tensor


class AggMoState(NamedTuple):
    """State of aggregated momentum."""

    traces: tuple[Tensor, ...]  # one velocity for each decay, each shape=[dim], dtype of x


@dataclass(frozen=True)
class AggMo(Optimizer):
    """Momentum with the mean of several velocities, each with a different decay."""

    name: ClassVar[str] = "aggmo"
    title: ClassVar[str] = "Aggregated momentum"
    formula: ClassVar[str] = (
        r"v_t^{(i)} = (1 - a^i)\, v_{t-1}^{(i)} + g_t \quad i = 0, \dots, K-1 \\ "
        r"x_t = x_{t-1} - \frac{\eta}{K} \sum_{i=0}^{K-1} v_t^{(i)}"
    )
    source: ClassVar[str] = "Lucas et al. 2019"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE
    note: ClassVar[str] = "The default decays are 0, 0.9 and 0.99; other values follow the paper's exponential scheme."

    velocities: int = hyperparameter(
        3, low=1, symbol="K", doc="number of velocities", search=Search(choices=(2, 3, 4), source=AROUND_DEFAULT)
    )
    damping: float = hyperparameter(
        0.1,
        low=0,
        high=1,
        symbol="a",
        doc="velocity i decays by the factor 1 - a^i",
        search=Search(0.03, 0.3, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> AggMoState:
        """All velocities are zero."""
        return AggMoState((tf.zeros_like(x),) * self.velocities)

    def step(self, x: Tensor, state: AggMoState, problem: Problem) -> tuple[Tensor, AggMoState]:
        """One step along the mean of the velocities."""
        _, grad = problem.value_and_gradient(x)
        traces = tuple((1 - self.damping**i) * trace + grad for i, trace in enumerate(state.traces))
        return x - problem.learning_rate / self.velocities * sum(traces), AggMoState(traces)
