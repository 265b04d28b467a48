"""What a rule computes over the coordinates of a vector: one number for every run, and never over the runs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import tensorflow as tf

from reportgen.engine.batch import Scalar, Vector, elementwise, unary


def _reduction(combine: Callable[[Any, Any], Any], reduce_block: Callable[..., Any]) -> Callable[..., Scalar]:
    def over_coordinates(value: Vector) -> Scalar:
        if value.block:
            return Scalar(reduce_block(value.parts[0], axis=0))
        return Scalar(reduce(combine, value.parts))

    return over_coordinates


total = _reduction(operator.add, tf.reduce_sum)
largest = _reduction(tf.maximum, tf.reduce_max)
smallest = _reduction(tf.minimum, tf.reduce_min)
every = _reduction(tf.logical_and, tf.reduce_all)
some = _reduction(tf.logical_or, tf.reduce_any)


def norm(value: Vector) -> Scalar:
    """The Euclidean norm, without overflow where the square of a finite number would be infinite."""
    scale = largest(unary(tf.abs, value))
    safe = elementwise(tf.where, (scale > 0, scale, unary(tf.ones_like, scale)))
    relative = value / safe
    length: Scalar = safe * unary(tf.sqrt, total(relative * relative))
    return length
