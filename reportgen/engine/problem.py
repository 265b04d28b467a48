"""What a rule is given at each step of the batch: the loss, its gradient, and the run's scalars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from reportgen.engine import batch, reductions
from reportgen.engine.batch import Matrix, Scalar, Vector
from reportgen.engine.random import BatchRandom
from reportgen.engine.schedule import share
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


def hessian_vector_product(loss: Loss, x: Vector, vector: Vector) -> Vector:
    """The Hessian at ``x`` times ``vector``, by differentiating the product of gradient and vector."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x.parts)
        _, gradient = value_and_gradient(loss, x)
        product = reductions.total(gradient * vector).value
    return Vector(tuple(tape.gradient(product, x.parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)))


def hessian(loss: Loss, x: Vector) -> Matrix:
    """The Hessian at ``x``: its columns are products with the unit vectors, all computed in one batch."""
    dim = len(x)
    at = batch.rows(x)
    runs = tf.shape(at)[1]
    repeated = batch.vector(tf.tile(at, [1, dim]))
    unit = tf.repeat(tf.eye(dim, dtype=at.dtype), runs, axis=1)
    columns = hessian_vector_product(loss, repeated, batch.vector(unit))
    return Matrix(tf.reshape(batch.rows(columns), [dim, dim, -1]))


@dataclass(frozen=True)
class Setting:
    """What is the same at all steps: the loss, the length of the run, and where rates and random numbers start."""

    loss: Loss
    steps: int
    schedule: str
    learning_rate: Any
    """Each run's highest rate: a weak Scalar."""
    key: tuple[Any, Any]
    """Of each run's random numbers: two uint32 [batch]."""
    noise: Mapping[str, float]
    """``gradient_std`` or ``relative``, and its value; nothing: the gradient is exact."""


class BatchProblem:
    """The ``Problem`` of one step of a whole batch; counts the gradient evaluations that its rule asks for."""

    def __init__(self, setting: Setting, step: Any, x: Vector, at_x: tuple[Any, Vector]) -> None:
        number = tf.cast(step, tf.float64)
        self.step = Scalar(number, weak=True)
        self.steps = setting.steps
        self.minimum = setting.loss.minimum
        self.learning_rate = setting.learning_rate
        if setting.schedule != "constant":
            self.learning_rate = self.learning_rate * Scalar(share(setting.schedule, number, setting.steps), weak=True)
        self.random = BatchRandom(setting.key, step, x)
        self._noise = setting.noise
        self._disturbance = BatchRandom(setting.key, step, x, stream=1)
        self.evaluations = 0
        self._loss = setting.loss
        self._x = x
        self._at_x = at_x
        self._graph = tf.compat.v1.get_default_graph()

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """Loss and gradient at ``x``; at the current position they are known already, but count all the same."""
        self._count(1)
        value, gradient = self._at_x if x is self._x else value_and_gradient(self._loss, x)
        return Scalar(value), self._noisy(gradient)

    def _noisy(self, gradient: Vector) -> Any:
        if not self._noise:
            return gradient
        draw = self._disturbance.normal()
        if "gradient_std" in self._noise:
            return gradient + self._noise["gradient_std"] * draw
        mean_square = reductions.total(gradient * gradient) / float(len(gradient))
        return gradient + self._noise["relative"] * batch.unary(tf.sqrt, mean_square) * draw

    def hessian(self, x: Any) -> Any:
        """The Hessian at ``x``, counted as one gradient evaluation a coordinate."""
        self._count(len(x))
        return hessian(self._loss, x)

    def hessian_vector_product(self, x: Any, vector: Any) -> Any:
        """The Hessian at ``x`` times ``vector``, counted as one gradient evaluation."""
        self._count(1)
        return hessian_vector_product(self._loss, x, vector)

    def _count(self, evaluations: int) -> None:
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise TypeError(
                "problem.value_and_gradient was called inside tf.cond or tf.while_loop, where its calls cannot be "
                "counted: call it from step itself and choose with tf.where"
            )
        self.evaluations += evaluations
