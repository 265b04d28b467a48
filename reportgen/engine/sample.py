"""A loss and its gradient at points of one's choice, for those who judge or draw it and may not import TensorFlow."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from reportgen.engine import (
    batch,
    dispatch,  # noqa: F401 - registers what losses call on the batch's values
)
from reportgen.engine.problem import evaluate, given, value_and_gradient
from reportgen.engine.result import Array
from reportgen.engine.sampled import Sample
from reportgen.loss import Loss

CHUNK = 2_000_000
"""Numbers that are evaluated at once; a sum of many terms keeps several times as many."""


def sample(loss: Loss, points: Array, dtype: str, samples: Array | None = None) -> Sample:
    """Values, and unless ``dtype`` is complex gradients, at ``points`` [points, dim]; over all samples or some.

    Whatever the loss raises is raised.
    """
    rows = max(1, CHUNK // max(1, points.shape[1]))
    parts = [_sample(loss, points[begin : begin + rows], dtype, samples) for begin in range(0, len(points), rows)]
    values, gradients = zip(*parts, strict=True)
    return Sample(np.concatenate(values), np.concatenate(gradients), _dtype_of(loss, points[:1], dtype))


def _sample(loss: Loss, points: Array, dtype: str, samples: Array | None) -> tuple[Array, Array]:
    x = batch.vector(tf.constant(points.T, dtype))
    seen = None if samples is None else tf.constant(np.repeat(samples[:, np.newaxis], len(points), axis=1), tf.int32)
    with batch.batch_of(batch.rows(x)):
        if x.dtype.is_complex:
            return evaluate(loss, x).numpy(), np.empty((len(points), 0))
        value, gradient = value_and_gradient(loss, x, seen)
        spread = value + tf.zeros([len(points)], value.dtype)  # a loss may give one number for all points
        return spread.numpy(), batch.rows(gradient).numpy().T


def _dtype_of(loss: Loss, points: Array, dtype: str) -> str:
    """The dtype that the function itself gives, before the engine would cast it."""
    x = batch.vector(tf.constant(points.T, dtype))
    with batch.batch_of(batch.rows(x)):
        value = given(loss, x)
    return dtype if getattr(value, "weak", False) else str(value.dtype.name)
