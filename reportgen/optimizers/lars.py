"""LARS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, MOMENTUM
from reportgen.tensor import Tensor


class LarsState(NamedTuple):
    """State of LARS."""

    trace: Tensor  # shape=[dim], dtype of x: the last step, which includes the learning rate


@dataclass(frozen=True)
class Lars(Optimizer):
    """Momentum with a learning rate proportional to the ratio of the norms of position and gradient."""

    title: ClassVar[str] = "LARS"
    formula: ClassVar[str] = (
        r"r_t = \tau\, \frac{\|x_{t-1}\|}{\|g_t\| + \lambda \|x_{t-1}\|} \\ "
        r"v_t = \mu v_{t-1} + \eta\, r_t\, (g_t + \lambda\, x_{t-1}) \\ x_t = x_{t-1} - v_t"
    )
    source: ClassVar[str] = "You, Gitman and Ginsburg 2017, Algorithm 1; defaults: optax"
    verified: ClassVar[str] = "pytorch_optimizer 4.1, optax 0.2.8"
    note: ClassVar[str] = (
        "All coordinates form one layer. The paper and this rule divide by the sum of the norms of gradient and decay; "
        "optax divides by the norm of their sum. If the position or the gradient is zero, the ratio is 1."
    )

    momentum: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\mu", doc="fraction of the last step that is kept", search=MOMENTUM
    )
    trust: float = hyperparameter(
        0.001,
        low=0,
        symbol=r"\tau",
        doc="length of a step as a fraction of the position's",
        search=Search(1e-4, 0.1, source=AROUND_DEFAULT),
    )
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="fraction of the position in the gradient")

    def init(self, x: Tensor) -> LarsState:
        """The last step is zero."""
        return LarsState(tf.zeros_like(x))

    def step(self, x: Tensor, state: LarsState, problem: Problem) -> tuple[Tensor, LarsState]:
        """One step along the trace, which includes the learning rate."""
        _, grad = problem.value_and_gradient(x)
        x_norm = euclidean_norm(x)
        grad_norm = euclidean_norm(grad) + self.weight_decay * x_norm
        trust_ratio = tf.where((x_norm > 0) & (grad_norm > 0), self.trust * x_norm / grad_norm, 1.0)
        updates = problem.learning_rate * trust_ratio * (grad + self.weight_decay * x)
        trace = self.momentum * state.trace + updates
        return x - trace, LarsState(trace)
