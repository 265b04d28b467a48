"""Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Newton(Optimizer):
    """The step to where a quadratic model of the loss has no slope, times the learning rate."""

    title: ClassVar[str] = "Newton's method"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \eta\, \left( \nabla^2 f(x_{t-1}) + \delta I \right)^{-1} g_t"
    source: ClassVar[str] = "Newton 1671; damping: Levenberg 1944, Marquardt 1963"
    verified: ClassVar[str] = "a 50-digit evaluation of the rule"
    note: ClassVar[str] = (
        "A reference line: the rate 1 is the pure method. It also goes to saddles and maxima, and it diverges where "
        "the matrix has no inverse."
    )
    reference: ClassVar[bool] = True

    damping: float = hyperparameter(0.0, low=0, symbol=r"\delta", doc="added to the diagonal")

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step; there is no state."""
        _, gradient = problem.value_and_gradient(x)
        curvature = problem.hessian(x) + self.damping * tf.eye(len(x), dtype=x.dtype)
        return x - problem.learning_rate * tf.linalg.matvec(tf.linalg.inv(curvature), gradient), state
