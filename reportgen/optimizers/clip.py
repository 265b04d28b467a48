"""Clipping of the gradient by its norm, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import AlteredProblem, Optimizer, Problem, base_optimizer, hyperparameter


@dataclass(frozen=True)
class Clip(Optimizer):
    """Steps its base with a gradient that is shortened where it is too long."""

    title: ClassVar[str] = "Clipped gradient"
    formula: ClassVar[str] = (
        r"\hat{g}_t = \min\left(1, \frac{c}{\|g_t\|}\right) g_t \\ x_t = \operatorname{base}(x_{t-1}, \hat{g}_t)"
    )
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio 2013"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = "The norm is that of the whole gradient, as in optax.clip_by_global_norm."

    base: Any = base_optimizer("gradient_descent")
    norm: float = hyperparameter(1.0, low=0, symbol="c", doc="largest norm of the gradient", source="a common choice")

    def init(self, x: Any) -> Any:
        """The base's state."""
        return self.base.init(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the base."""

        def shortened(x: Any) -> tuple[Any, Any]:
            value, gradient = problem.value_and_gradient(x)
            steep = tf.norm(gradient)
            return value, tf.where(steep > self.norm, gradient / steep * self.norm, gradient)

        stepped: tuple[Any, Any] = self.base.step(x, state, AlteredProblem(problem, shortened))
        return stepped
