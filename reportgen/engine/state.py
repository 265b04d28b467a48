"""An optimizer's state inside the loop: any nest of tensors, held to one shape and dtype from step to step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine.batch import Matrix, Scalar, Vector, constant_vector


def carried(state: Any, x: Vector) -> Any:
    """The nest with every leaf as a Vector, a Matrix or a [batch] Scalar, so that the loop can carry it.

    A Python number is carried in float64, as Python would.
    """
    return tf.nest.map_structure(lambda leaf: _leaf(leaf, x), state)


def same_structure(before: Any, after: Any, x: Vector) -> Any:
    """``after`` as it must be to stand in for ``before``; TypeError where the rule changed structure or dtype."""
    try:
        tf.nest.assert_same_structure(before, after)
    except (TypeError, ValueError) as error:
        raise TypeError(f"step returned a state of another structure than init: {error}") from None
    return tf.nest.map_structure(lambda old, new: _like(old, _leaf(new, x)), before, after)


def _leaf(leaf: Any, x: Vector) -> Any:
    runs = x.parts[0].shape[-1]
    if isinstance(leaf, bool | int | float):
        leaf = Scalar(tf.constant(float(leaf), tf.float64), weak=True)
    if not isinstance(leaf, Vector | Scalar | Matrix):
        leaf = tf.convert_to_tensor(leaf)
        if leaf.shape.rank == 1:
            return constant_vector(leaf, x)
        leaf = Matrix(leaf[:, :, tf.newaxis]) if leaf.shape.rank == 2 else Scalar(leaf)
    # What was computed from constants alone is one number for all runs, but the loop carries one for each.
    if isinstance(leaf, Vector):
        return Vector(tuple(_for_each(part, runs) for part in leaf.parts))
    if isinstance(leaf, Matrix):
        return Matrix(_for_each(leaf.value, runs))
    return Scalar(_for_each(leaf.value, runs), leaf.weak)


def _for_each(value: Any, runs: int) -> Any:
    """A tensor whose last axis are the runs, or that has none yet, with that axis in full."""
    return value if value.shape.rank and value.shape[-1] == runs else tf.broadcast_to(value, [*value.shape[:-1], runs])


def _like(old: Any, new: Any) -> Any:
    if isinstance(old, Scalar) and old.weak and isinstance(new, Scalar):
        return Scalar(new.cast(tf.float64), weak=True)
    if type(old) is not type(new) or old.dtype != new.dtype or old.shape != new.shape:
        raise TypeError(f"step returned {_words(new)} in its state where init gave {_words(old)}")
    return Scalar(new.value) if isinstance(new, Scalar) else new


def _words(leaf: Any) -> str:
    return f"a tensor of shape {leaf.shape} and dtype {leaf.dtype.name}"
