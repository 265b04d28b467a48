"""What a rule is given at each step of the batch: the loss, its gradient, and the run's scalars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from reportgen.config.model import Noise
from reportgen.engine import batch, reductions
from reportgen.engine.batch import Matrix, Scalar, Vector
from reportgen.engine.minibatch import Minibatches
from reportgen.engine.random import BatchRandom
from reportgen.engine.schedule import share
from reportgen.loss import Loss


def evaluate(loss: Loss, x: Vector, samples: Any = None) -> Any:
    """The loss at ``x``, or its mean over some ``samples`` [batch_size, batch]: a tensor [batch] of the dtype of ``x``.

    Raises TypeError where the function gives something else than a number a run.
    """
    value = given(loss, x, samples)
    if loss.batched:
        return _of_columns(loss, value, batch.rows(x))
    if not isinstance(value, Scalar):
        raise TypeError(
            f"loss {loss.name} must give one number computed from its coordinates, found {type(value).__name__}"
        )
    return value.cast(x.dtype)


def given(loss: Loss, x: Vector, samples: Any = None) -> Any:
    """What the loss's own function gives at ``x``, whatever that is."""
    if loss.batched:
        points = batch.rows(x)
        return loss.function(*((points,) if samples is None else (points, samples)), **loss.parameters)
    return loss(*(x[i] for i in range(len(x)))) if loss.default_dim is None else loss(x)


def _of_columns(loss: Loss, value: Any, points: Any) -> Any:
    if not tf.is_tensor(value) or value.shape.as_list() != points.shape[1:].as_list() or value.dtype != points.dtype:
        found = f"shape {value.shape} and dtype {value.dtype.name}" if tf.is_tensor(value) else type(value).__name__
        raise TypeError(
            f"loss {loss.name} must give one number for each of {points.shape[1]} columns, in {points.dtype.name}: "
            f"found {found}"
        )
    return value


def value_and_gradient(loss: Loss, x: Vector, samples: Any = None) -> tuple[Any, Vector]:
    """Loss [batch] and gradient at ``x``, each run's gradient on its own; over all samples or some."""
    # Unlike tf.gradients, a tape leaves out the gradients of constants, which would only be traced and thrown away.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x.parts)
        value = evaluate(loss, x, samples)
    parts = tape.gradient(value, x.parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value, Vector(tuple(parts))


def hessian_vector_product(loss: Loss, x: Vector, vector: Vector, samples: Any = None) -> Vector:
    """The Hessian at ``x`` times ``vector``, by differentiating the product of gradient and vector."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x.parts)
        _, gradient = value_and_gradient(loss, x, samples)
        product = reductions.total(gradient * vector).value
    return Vector(tuple(tape.gradient(product, x.parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)))


def hessian(loss: Loss, x: Vector, samples: Any = None) -> Matrix:
    """The Hessian at ``x``: its columns are products with the unit vectors, all computed in one batch."""
    dim = len(x)
    at = batch.rows(x)
    runs = tf.shape(at)[1]
    repeated = batch.vector(tf.tile(at, [1, dim]))
    unit = tf.repeat(tf.eye(dim, dtype=at.dtype), runs, axis=1)
    repeated_samples = None if samples is None else tf.tile(samples, [1, dim])
    columns = hessian_vector_product(loss, repeated, batch.vector(unit), repeated_samples)
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
    noise: Noise | None
    """None: the gradient is exact."""
    minibatches: Minibatches | None = None
    """None: every step sees all samples."""


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
        self._samples = setting.minibatches.at(step) if setting.minibatches else None
        self.evaluations = 0
        self._loss = setting.loss
        self._x = x
        self._at_x = at_x
        self._graph = tf.compat.v1.get_default_graph()

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """Loss and gradient at ``x``; at the current position they are known already, but count all the same."""
        self._count(1)
        known = x is self._x and self._samples is None
        value, gradient = self._at_x if known else value_and_gradient(self._loss, x, self._samples)
        return Scalar(value), self._noisy(gradient)

    def _noisy(self, gradient: Vector) -> Any:
        if not self._noise or self._samples is not None:
            return gradient
        draw = self._disturbance.normal()
        if self._noise.gradient_std is not None:
            return gradient + self._noise.gradient_std * draw
        mean_square = reductions.total(gradient * gradient) / float(len(gradient))
        return gradient + self._noise.relative * batch.unary(tf.sqrt, mean_square) * draw

    def hessian(self, x: Any) -> Any:
        """The Hessian at ``x``, counted as one gradient evaluation a coordinate."""
        self._count(len(x))
        return hessian(self._loss, x, self._samples)

    def hessian_vector_product(self, x: Any, vector: Any) -> Any:
        """The Hessian at ``x`` times ``vector``, counted as one gradient evaluation."""
        self._count(1)
        return hessian_vector_product(self._loss, x, vector, self._samples)

    def _count(self, evaluations: int) -> None:
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise TypeError(
                "problem.value_and_gradient was called inside tf.cond or tf.while_loop, where its calls cannot be "
                "counted: call it from step itself and choose with tf.where"
            )
        self.evaluations += evaluations
