"""What a rule is given at each step of the batch: the loss, its gradient, and the run's scalars."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine.batch import Scalar, Vector
from reportgen.loss import Loss


def evaluate(loss: Loss, x: Vector) -> Any:
    """The loss at ``x``: a tensor [batch] of the dtype of ``x``.

    Raises TypeError where the function gives something else than a number a run.
    """
    value = loss(*(x[i] for i in range(len(x)))) if loss.default_dim is None else loss(x)
    if not isinstance(value, Scalar):
        raise TypeError(
            f"loss {loss.name} must give one number computed from its coordinates, found {type(value).__name__}"
        )
    return value.cast(x.dtype)


def value_and_gradient(loss: Loss, x: Vector) -> tuple[Any, Vector]:
    """Loss [batch] and gradient at ``x``, each run's gradient on its own."""
    # Unlike tf.gradients, a tape leaves out the gradients of constants, which would only be traced and thrown away.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x.parts)
        value = evaluate(loss, x)
    parts = tape.gradient(value, x.parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value, Vector(tuple(parts))


class BatchProblem:
    """The ``Problem`` of one step of a whole batch; counts the gradient evaluations that its rule asks for."""

    def __init__(self, loss: Loss, step: Any, learning_rate: Scalar, x: Vector, at_x: tuple[Any, Vector]) -> None:
        self.learning_rate = learning_rate
        self.step = Scalar(tf.cast(step, tf.float64), weak=True)
        self.evaluations = 0
        self._loss = loss
        self._x = x
        self._at_x = at_x
        self._graph = tf.compat.v1.get_default_graph()

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """Loss and gradient at ``x``; at the current position they are known already, but count all the same."""
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise TypeError(
                "problem.value_and_gradient was called inside tf.cond or tf.while_loop, where its calls cannot be "
                "counted: call it from step itself and choose with tf.where"
            )
        self.evaluations += 1
        value, gradient = self._at_x if x is self._x else value_and_gradient(self._loss, x)
        return Scalar(value), gradient
