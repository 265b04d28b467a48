"""What second-order rules do with matrices: one square matrix a run, all runs at once."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine.batch import Matrix, Vector, rows, vector


def diagonal(matrix: Matrix) -> Vector:
    """The diagonal, a vector."""
    return vector(tf.stack([matrix.value[i, i] for i in range(matrix.shape[0])]))


def times(matrix: Matrix, x: Vector) -> Vector:
    """The matrix times a vector."""
    return vector(tf.reduce_sum(matrix.value * rows(x)[tf.newaxis], axis=1))


def outer(x: Vector, y: Vector) -> Matrix:
    """The matrix of all products of an element of ``x`` with one of ``y``."""
    return Matrix(rows(x)[:, tf.newaxis] * rows(y)[tf.newaxis])


def inverse(matrix: Matrix) -> Matrix:
    """The inverse by Gauss-Jordan elimination with row pivots; entries that are not finite where there is none."""
    dim = matrix.shape[0]
    identity = tf.eye(dim, dtype=matrix.dtype)[:, :, tf.newaxis] + tf.zeros_like(matrix.value)
    order = tf.range(dim)[:, tf.newaxis]

    def eliminate(column: Any, work: Any) -> Any:
        values = work[:, column]
        candidates = tf.where(order >= column, tf.abs(values), tf.constant(-1.0, matrix.dtype))
        pivot = tf.argmax(candidates, axis=0, output_type=tf.int32)
        at_pivot = (order == pivot)[:, tf.newaxis]
        pivot_row = tf.reduce_sum(tf.where(at_pivot, work, tf.zeros_like(work)), axis=0)
        # The row that stood in its place goes where the pivot was.
        swapped = tf.where(at_pivot, work[column][tf.newaxis], work)
        pivot_row = pivot_row / pivot_row[column]
        factors = tf.where(order == column, tf.zeros_like(values), swapped[:, column])
        rest = swapped - factors[:, tf.newaxis] * pivot_row[tf.newaxis]
        return column + 1, tf.where((order == column)[:, tf.newaxis], pivot_row[tf.newaxis], rest)

    work = tf.concat([matrix.value, identity], axis=1)
    _, work = tf.while_loop(lambda column, _: column < dim, eliminate, (tf.constant(0), work))
    return Matrix(work[:, dim:])
