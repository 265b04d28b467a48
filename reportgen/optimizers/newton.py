"""Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class Newton(Optimizer):
    """Steps to the stationary point of a quadratic model of the loss, scaled by the learning rate."""

    title: ClassVar[str] = "Newton's method"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \eta\, \left( \nabla^2 f(x_{t-1}) + \delta I \right)^{-1} g_t"
    source: ClassVar[str] = "Newton 1671; damping: Levenberg 1944, Marquardt 1963"
    verified: ClassVar[str] = "a 50-digit evaluation of the rule"
    note: ClassVar[str] = (
        "A reference optimizer: learning rate 1 is the pure method. It also converges to saddles and maxima, and it "
        "diverges if the matrix is singular."
    )
    reference: ClassVar[bool] = True

    damping: float = hyperparameter(0.0, low=0, symbol=r"\delta", doc="added to the diagonal of the Hessian")

    def step(self, x: Tensor, state: tuple[()], problem: Problem) -> tuple[Tensor, tuple[()]]:
        """One step; there is no state."""
        _, grad = problem.value_and_gradient(x)
        damped_hessian = problem.hessian(x) + self.damping * tf.eye(len(x), dtype=x.dtype)
        return x - problem.learning_rate * tf.linalg.matvec(tf.linalg.inv(damped_hessian), grad), state
