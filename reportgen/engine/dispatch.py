"""TensorFlow's own functions, made to work on the batch's Vectors and Scalars; importing this module registers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import tensorflow as tf

from reportgen.engine import batch, matrix
from reportgen.engine.batch import Matrix, Scalar, Vector

_ANY = Union[Vector, Scalar, Matrix, tf.Tensor, float, int, bool]
_OURS = Union[Vector, Scalar, Matrix]


@tf.experimental.dispatch_for_unary_elementwise_apis(_OURS)
def _unary_api(api: Callable[..., Any], x: Any) -> Any:
    return batch.unary(api, x)


@tf.experimental.dispatch_for_binary_elementwise_apis(_OURS, _ANY)
def _binary_api(api: Callable[..., Any], x: Any, y: Any) -> Any:
    return batch.binary(api, x, y)


@tf.experimental.dispatch_for_binary_elementwise_apis(Union[tf.Tensor, float, int, bool], _OURS)
def _reflected_api(api: Callable[..., Any], x: Any, y: Any) -> Any:
    return batch.binary(api, x, y)


@tf.experimental.dispatch_for_api(tf.where, {"condition": _OURS}, {"x": _OURS}, {"y": _OURS})
def _where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    return batch.elementwise(tf.where, (condition, x, y))


@tf.experimental.dispatch_for_api(tf.norm, {"tensor": Vector})
def _norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: Any = None) -> Any:
    if ord not in ("euclidean", 2):
        raise TypeError(f"tf.norm of order {ord!r} is not supported for a position: use reductions")
    return batch.norm(tensor)


@tf.experimental.dispatch_for_api(tf.tensordot, {"a": Vector, "b": Vector})
def _tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    return matrix.outer(a, b) if axes == 0 else batch.total(a * b)


@tf.experimental.dispatch_for_api(tf.linalg.matvec, {"a": Matrix, "b": Vector})
def _matvec(
    a: Any,
    b: Any,
    transpose_a: Any = False,
    adjoint_a: Any = False,
    a_is_sparse: Any = False,
    b_is_sparse: Any = False,
    name: Any = None,
) -> Any:
    if transpose_a or adjoint_a:
        raise TypeError("tf.linalg.matvec is supported without transpose_a: a Hessian is symmetric")
    return matrix.times(a, b)


@tf.experimental.dispatch_for_api(tf.linalg.diag_part, {"input": Matrix})
def _diag_part(
    input: Any, name: Any = "diag_part", k: Any = 0, padding_value: Any = 0, align: Any = "RIGHT_LEFT"
) -> Any:
    if k:
        raise TypeError("tf.linalg.diag_part is supported for the main diagonal, k = 0")
    return matrix.diagonal(input)


@tf.experimental.dispatch_for_api(tf.linalg.inv, {"input": Matrix})
def _inv(input: Any, adjoint: Any = False, name: Any = None) -> Any:
    return matrix.inverse(input)


def _dispatch_reduction(api: Callable[..., Any], over_coordinates: Callable[[Vector], Scalar]) -> None:
    @tf.experimental.dispatch_for_api(api, {"input_tensor": Vector})
    def handler(input_tensor: Any, axis: Any = None, keepdims: Any = False, name: Any = None) -> Any:
        if keepdims or axis not in (None, 0, -1):
            raise TypeError("a position has one axis, 0, and a reduction over it gives a number: no keepdims")
        return over_coordinates(input_tensor)


_dispatch_reduction(tf.reduce_sum, batch.total)
_dispatch_reduction(tf.reduce_max, batch.largest)
_dispatch_reduction(tf.reduce_min, batch.smallest)
_dispatch_reduction(tf.reduce_all, batch.every)
_dispatch_reduction(tf.reduce_any, batch.some)
_dispatch_reduction(tf.reduce_mean, lambda value: batch.total(value) / float(len(value)))
