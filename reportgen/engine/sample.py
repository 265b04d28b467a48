"""A loss and its gradient at given points, for those who check or draw it and may not import TensorFlow."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from reportgen.engine.evaluation import evaluate, map_runs, value_and_gradient
from reportgen.engine.result import Array
from reportgen.engine.sampled import Sample
from reportgen.loss import Loss

CHUNK = 2_000_000
"""Coordinates that are evaluated at once; a sum of many terms keeps several times as many."""


def sample(loss: Loss, points: Array, dtype: str, samples: Array | None = None) -> Sample:
    """Return values and gradients of a loss; raises whatever the loss raises.

    Args:
        loss: the loss.
        points: positions, [points, dim].
        dtype: the dtype in which the loss is evaluated; a complex one gives no gradients.
        samples: the samples of the data over which the loss is the mean, int32 [samples]; None: all.
    """
    rows = None if samples is None else tf.constant(samples, tf.int32)
    of_point = partial(evaluate if tf.as_dtype(dtype).is_complex else value_and_gradient, loss, rows=rows)
    function = tf.function(lambda x: map_runs(of_point, x), autograph=False)
    size = max(1, CHUNK // max(1, points.shape[1]))
    parts = [function(tf.constant(points[begin : begin + size], dtype)) for begin in range(0, len(points), size)]
    if tf.as_dtype(dtype).is_complex:
        return Sample(np.concatenate([value.numpy() for value in parts]), np.empty((len(points), 0)))
    values, gradients = (np.concatenate([tensor.numpy() for tensor in each]) for each in zip(*parts, strict=True))
    return Sample(values, gradients)
