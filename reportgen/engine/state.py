"""An optimizer's state inside the loop: any nest of tensors, held to one shape and dtype from step to step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine.batch import Scalar, Vector, constant_vector


def carried(state: Any, x: Vector) -> Any:
    """The nest with every leaf as a Vector or a [batch] Scalar, so that the loop can carry it.

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
    if isinstance(leaf, Vector):
        return leaf
    if isinstance(leaf, bool | int | float):
        leaf = Scalar(tf.constant(float(leaf), tf.float64), weak=True)
    if not isinstance(leaf, Scalar):
        leaf = tf.convert_to_tensor(leaf)
        if leaf.shape.rank == 1:
            return constant_vector(leaf, x)
        leaf = Scalar(leaf)
    run = x.parts[0][0] if x.block else x.parts[0]
    return Scalar(tf.broadcast_to(leaf.value, tf.shape(run)), leaf.weak)


def _like(old: Any, new: Any) -> Any:
    if isinstance(old, Scalar) and old.weak and isinstance(new, Scalar):
        return Scalar(new.cast(tf.float64), weak=True)
    if type(old) is not type(new) or old.dtype != new.dtype or len_of(old) != len_of(new):
        raise TypeError(f"step returned {_words(new)} in its state where init gave {_words(old)}")
    return Scalar(new.value) if isinstance(new, Scalar) else new


def len_of(leaf: Any) -> int:
    """Coordinates of a leaf; 0 for a scalar."""
    return len(leaf) if isinstance(leaf, Vector) else 0


def _words(leaf: Any) -> str:
    shape = f"[{len(leaf)}]" if isinstance(leaf, Vector) else "[]"
    return f"a tensor of shape {shape} and dtype {leaf.dtype.name}"
