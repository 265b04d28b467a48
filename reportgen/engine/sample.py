"""A loss and its gradient at given points, for those who check or draw it and may not import TensorFlow."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.evaluation import evaluate, map_runs, value_and_gradient
from reportgen.engine.sampled import Ask, Sample
from reportgen.loss import Loss

CHUNK = 2_000_000
"""Coordinates that are evaluated at once; a sum of many terms keeps several times as many."""


_functions: dict[Hashable, Any] = {}
"""Traced functions of the losses that were sampled last."""

_KEPT = 8


def sample(loss: Loss, ask: Ask) -> Sample:
    """Return values and gradients of a loss at the points of ``ask``; raises whatever the loss raises."""
    points, dtype = ask.points, ask.dtype
    rows = () if ask.samples is None else (tf.constant(ask.samples, tf.int32),)
    number = None if ask.samples is None else len(ask.samples)
    function = _traced(loss, dtype, number, again=ask.traced_again, compiled=ask.compiled)
    size = max(1, CHUNK // max(1, points.shape[1]))
    parts = [function(tf.constant(points[begin : begin + size], dtype), *rows) for begin in range(0, len(points), size)]
    if tf.as_dtype(dtype).is_complex:
        return Sample(np.concatenate([value.numpy() for value in parts]), np.empty((len(points), 0)))
    values, gradients = (np.concatenate([tensor.numpy() for tensor in each]) for each in zip(*parts, strict=True))
    return Sample(values, gradients)


def _traced(loss: Loss, dtype: str, rows: int | None, *, again: bool, compiled: bool) -> Any:
    """A traced function of points [points, dim], and of so many ``rows`` of the data unless it is None."""
    key = (loss.function, loss.dim, tuple(sorted(loss.parameters.items())), dtype, rows, compiled)
    if again or key not in _functions:
        while len(_functions) >= _KEPT:
            del _functions[next(iter(_functions))]
        of_point = evaluate if tf.as_dtype(dtype).is_complex else value_and_gradient
        function = tf.function(
            lambda x, rows=None: map_runs(partial(of_point, loss, rows=rows), x),
            autograph=False,
            jit_compile=compiled or None,
        )
        specs = [tf.TensorSpec([None, loss.dim], dtype), *([] if rows is None else [tf.TensorSpec([rows], tf.int32)])]
        _functions[key] = function.get_concrete_function(*specs)
    return _functions[key]
