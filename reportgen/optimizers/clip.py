"""Gradient clipping by norm, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import AlteredProblem, Optimizer, Problem, Search, base_optimizer, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class ClipState(NamedTuple):
    """State of the base optimizer; clipping has none."""

    base_state: ClipState  # what ``base.init`` returns


@dataclass(frozen=True)
class Clip(Optimizer):
    """Runs the base optimizer on the gradient, scaled down where its norm exceeds a limit."""

    title: ClassVar[str] = "Clipped gradient"
    formula: ClassVar[str] = (
        r"\hat{g}_t = \min\left(1, \frac{c}{\|g_t\|}\right) g_t \\ x_t = \operatorname{base}(x_{t-1}, \hat{g}_t)"
    )
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio 2013"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = "The norm is taken over all coordinates, as in optax.clip_by_global_norm."

    base: Any = base_optimizer("gradient_descent")  # a name in a config, an optimizer in init and step
    norm: float = hyperparameter(
        1.0,
        low=0,
        symbol="c",
        doc="largest norm of the gradient",
        source="a common choice",
        search=Search(0.01, 100.0, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> ClipState:
        """The initial state of the base."""
        return ClipState(self.base.init(x))

    def step(self, x: Tensor, state: ClipState, problem: Problem) -> tuple[Tensor, ClipState]:
        """One step of the base on the clipped gradient."""

        def value_and_clipped_gradient(x: Tensor) -> tuple[Tensor, Tensor]:
            value, grad = problem.value_and_gradient(x)
            norm = euclidean_norm(grad)
            return value, tf.where(norm > self.norm, grad / norm * self.norm, grad)

        altered = AlteredProblem(problem, value_and_clipped_gradient)
        x, base_state = self.base.step(x, state.base_state, altered)
        return x, ClipState(base_state)
