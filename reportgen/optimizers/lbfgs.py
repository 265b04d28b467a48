"""L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter

_SMALLEST_CURVATURE = 1e-10
"""A pair of changes whose product is not above this says nothing certain of the curvature and is left out."""


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Newton's method with an inverse Hessian built from the last changes of position and gradient."""

    name: ClassVar[str] = "lbfgs"
    title: ClassVar[str] = "L-BFGS"
    formula: ClassVar[str] = (
        r"s_t = x_{t-1} - x_{t-2} \\ y_t = g_t - g_{t-1} \\ V_t = I - \frac{y_t s_t^{\top}}{y_t^{\top} s_t} \\ "
        r"B_t = V_t^{\top} B_{t-1} V_t + \frac{s_t s_t^{\top}}{y_t^{\top} s_t} \\ x_t = x_{t-1} - \eta\, B_t\, g_t"
    )
    source: ClassVar[str] = "Liu and Nocedal 1989; PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13"
    note: ClassVar[str] = (
        "A reference line: each step is one of torch.optim.LBFGS without a line search and without its stopping rules. "
        "The first step is shortened by the sum of the absolute gradient where that is above 1."
    )
    reference: ClassVar[bool] = True

    history: int = hyperparameter(
        10, low=1, doc="pairs of changes that are kept", source="the usual value; PyTorch: 100"
    )

    def init(self, x: Any) -> Any:
        """The last pairs with the inverse of their product (0: none yet), the scale, and the last step and gradient."""
        zeros = tf.zeros_like(x)
        none = (zeros, zeros, tf.zeros_like(tf.norm(x)))
        return (none,) * self.history, tf.ones_like(tf.norm(x)), zeros, zeros

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the approximate Newton direction."""
        pairs, scale, last_step, last_gradient = state
        _, gradient = problem.value_and_gradient(x)
        change = gradient - last_gradient
        product = tf.tensordot(change, last_step, 1)
        kept = product > _SMALLEST_CURVATURE
        pairs = _remembered(pairs, (last_step, change, 1 / product), kept)
        scale = tf.where(kept, product / tf.tensordot(change, change, 1), scale)
        shortened = tf.minimum(1.0, 1 / tf.reduce_sum(tf.abs(gradient)))
        rate = problem.learning_rate * tf.where(problem.step > 1, 1.0, shortened)
        step = rate * _direction(gradient, pairs, scale)
        return x + step, (pairs, scale, step, gradient)


def _remembered(pairs: Any, newest: Any, kept: Any) -> Any:
    """The pairs with the newest as their last, in place of the first, in the runs where it is kept."""
    later = (*pairs[1:], newest)
    return tuple(
        tuple(tf.where(kept, new, old) for new, old in zip(after, before, strict=True))
        for after, before in zip(later, pairs, strict=True)
    )


def _direction(gradient: Any, pairs: Any, scale: Any) -> Any:
    """Minus the inverse Hessian times the gradient, by the two loops over the pairs."""
    direction = -gradient
    shares = []
    for step, change, inverse in reversed(pairs):
        shares.append(inverse * tf.tensordot(step, direction, 1))
        direction = direction - shares[-1] * change
    direction = scale * direction
    for (step, change, inverse), share in zip(pairs, reversed(shares), strict=True):
        direction = direction + (share - inverse * tf.tensordot(change, direction, 1)) * step
    return direction
