"""Two ways to show a foreign optimizer its position: all runs of the batch at once, or one as plain tensors."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.batch import Matrix, Number, Scalar, Vector, read
from reportgen.engine.lift.errors import Unliftable


class BatchView:
    """Vectors and Scalars, as our own rules see them."""

    def vector(self, value: Vector) -> Any:
        """A position or a gradient."""
        return value

    def coordinate(self, value: Vector, index: int) -> Any:
        """One coordinate of it."""
        return value[index]

    def number(self, value: Scalar) -> Any:
        """A learning rate, or a number of Python's that is carried."""
        return value

    def position(self, values: list[Any], like: Vector) -> Vector:
        """The Vector that the variables hold: one, or a coordinate each."""
        if len(values) == 1 and isinstance(values[0], Vector):
            return values[0]
        parts = tuple(value.cast(like.dtype) + tf.zeros_like(_run(like)) for value in values)
        return Vector((tf.stack(parts),)) if like.block else Vector(parts)

    def carried(self, value: Any) -> Any:
        """A value of the state as the loop carries it."""
        value = read(value)
        if isinstance(value, bool):
            return tf.constant(value)
        if tf.is_tensor(value) and not isinstance(value, Vector | Scalar | Matrix) and value.shape.rank > 1:
            raise Unliftable(f"a tensor of shape {value.shape} in the state cannot be kept for a batch of runs")
        return value

    def shown(self, value: Any, like: Any) -> Any:
        """A carried value as the optimizer left it; ``like`` is what it left in the first place."""
        return value


class PlainView:
    """Tensors of the shapes that the optimizer would see eagerly; the batch holds one run."""

    def vector(self, value: Vector) -> Any:
        """A position or a gradient, [dim]."""
        return batch.rows(value)[:, 0]

    def coordinate(self, value: Vector, index: int) -> Any:
        """One coordinate of it, []."""
        return batch.rows(value)[index, 0]

    def number(self, value: Scalar) -> Any:
        """A learning rate, or a number of Python's that is carried."""
        return Number(tf.reshape(value.value, []), weak=True)

    def position(self, values: list[Any], like: Vector) -> Vector:
        """The Vector that the variables hold: one of shape [dim], or a coordinate each."""
        whole = values[0] if len(values) == 1 and values[0].shape.rank == 1 else tf.stack(values)
        return batch.vector(whole[:, tf.newaxis])

    def carried(self, value: Any) -> Any:
        """A value of the state as the loop carries it: its elements in a row."""
        value = read(value)
        if isinstance(value, Number):
            return Scalar(value.value, weak=True)
        if isinstance(value, bool):
            return tf.constant(value)
        if isinstance(value, int | float):
            return value
        value = tf.convert_to_tensor(value)
        return Vector((tf.reshape(value, [-1, 1]),)) if value.shape.rank else Scalar(value)

    def shown(self, value: Any, like: Any) -> Any:
        """A carried value in the shape that the optimizer left."""
        if isinstance(value, Vector):
            return tf.reshape(value.parts[0], tf.convert_to_tensor(like).shape)
        return self.number(value) if value.weak else tf.reshape(value.value, [])


def _run(like: Vector) -> Any:
    """A [batch] tensor."""
    return like.parts[0][0] if like.block else like.parts[0]


View = BatchView | PlainView
