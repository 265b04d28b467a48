"""The Euclidean norm of a gradient or a position of any size."""

from __future__ import annotations

import tensorflow as tf

from reportgen.tensor import Tensor


def euclidean_norm(vector: Tensor) -> Tensor:
    """Return the norm of a vector [dim], shape [].

    Unlike in ``tf.norm``, the squares neither overflow nor underflow, which in float32 they do from 1e19 and 1e-19 on.
    """
    largest = tf.reduce_max(tf.abs(vector))
    scale = tf.where(largest > 0, largest, tf.ones_like(largest))
    relative = vector / scale
    return scale * tf.sqrt(tf.reduce_sum(relative * relative))
