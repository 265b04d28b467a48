"""Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
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
    default_learning_rate: ClassVar[float | None] = 1.0

    damping: float = hyperparameter(
        0.0,
        low=0,
        symbol=r"\delta",
        doc="added to the diagonal of the Hessian",
        search=Search(0.0, 1.0, "linear", source="from the pure method to a damped one"),
    )

    def step(self, x: Tensor, state: tuple[()], problem: Problem) -> tuple[Tensor, tuple[()]]:
        """One step; there is no state."""
        _, grad = problem.value_and_gradient(x)
        damped_hessian = problem.hessian(x) + self.damping * tf.eye(x.shape[0], dtype=x.dtype)
        return x - problem.learning_rate * _solve(damped_hessian, grad), state


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    """The solution of a linear system by Gauss-Jordan elimination with row pivots; NaN if it is singular.

    The last bits of ``tf.linalg.solve`` depend on how many systems are solved at once.
    """
    dim = matrix.shape[0]
    row_numbers = tf.range(dim)

    def eliminate(column: Tensor, work: Tensor) -> tuple[Tensor, Tensor]:
        values = tf.gather(work, column, axis=1)
        pivot = tf.argmax(tf.where(row_numbers >= column, tf.abs(values), -1.0), output_type=tf.int32)
        at_pivot = (row_numbers == pivot)[:, tf.newaxis]
        pivot_row = tf.reduce_sum(tf.where(at_pivot, work, tf.zeros_like(work)), axis=0)
        # The row that was in its place moves to where the pivot was.
        swapped = tf.where(at_pivot, tf.gather(work, column), work)
        pivot_row = pivot_row / tf.gather(pivot_row, column)
        factors = tf.where(row_numbers == column, tf.zeros_like(values), tf.gather(swapped, column, axis=1))
        rest = swapped - factors[:, tf.newaxis] * pivot_row
        return column + 1, tf.where((row_numbers == column)[:, tf.newaxis], pivot_row, rest)

    work = tf.concat([matrix, right[:, tf.newaxis]], axis=1)
    _, work = tf.while_loop(lambda column, _: column < dim, eliminate, (tf.constant(0), work))
    return work[:, dim]
