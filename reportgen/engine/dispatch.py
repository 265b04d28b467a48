"""TensorFlow's own functions, made to work on the batch's Vectors and Scalars; importing this module registers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.batch import Scalar, Vector

_ANY = Union[Vector, Scalar, tf.Tensor, float, int, bool]
_OURS = Union[Vector, Scalar]


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
    return batch.total(a * b)


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
