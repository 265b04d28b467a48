"""TensorFlow's own functions, made to work on the batch's Vectors and Scalars; importing this module registers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import tensorflow as tf
from tensorflow.python.util.dispatch import register_dispatchable_type

from reportgen.engine import batch, matrix, reductions
from reportgen.engine.batch import Matrix, Number, Scalar, Slot, Vector, read

# Without it TensorFlow looks for handlers only where an argument is of one of its own types, as ours but for Slot are.
register_dispatchable_type(Slot)

_ANY = Union[Vector, Scalar, Matrix, Slot, tf.Tensor, tf.Variable, float, int, bool]
_OURS = Union[Vector, Scalar, Matrix, Slot]
_REDUCED = Union[Vector, Scalar, Slot]


@tf.experimental.dispatch_for_unary_elementwise_apis(_OURS)
def _unary_api(api: Callable[..., Any], x: Any) -> Any:
    return batch.unary(api, x)


@tf.experimental.dispatch_for_binary_elementwise_apis(_OURS, _ANY)
def _binary_api(api: Callable[..., Any], x: Any, y: Any) -> Any:
    return batch.binary(api, x, y)


@tf.experimental.dispatch_for_binary_elementwise_apis(Union[tf.Tensor, tf.Variable, float, int, bool], _OURS)
def _reflected_api(api: Callable[..., Any], x: Any, y: Any) -> Any:
    return batch.binary(api, x, y)


@tf.experimental.dispatch_for_api(tf.where, {"condition": _OURS}, {"x": _OURS}, {"y": _OURS})
def _where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    return batch.elementwise(tf.where, (condition, x, y))


@tf.experimental.dispatch_for_api(tf.norm, {"tensor": _REDUCED})
def _norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: Any = None) -> Any:
    tensor = read(tensor)
    if isinstance(tensor, Scalar):
        return batch.unary(tf.abs, tensor)
    if not isinstance(tensor, Vector):
        return tf.norm(tensor, ord, axis, keepdims, name)
    if ord not in ("euclidean", 2):
        raise TypeError(f"tf.norm of order {ord!r} is not supported for a position: use reductions")
    return reductions.norm(tensor)


@tf.experimental.dispatch_for_api(tf.tensordot, {"a": Vector, "b": Vector})
def _tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    return matrix.outer(a, b) if axes == 0 else reductions.total(a * b)


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
    if adjoint:
        raise TypeError("tf.linalg.inv is supported without adjoint")
    return matrix.inverse(input)


def _as_tensor(value: Any, dtype: Any = None, name: Any = None, as_ref: Any = False) -> Any:
    """What TensorFlow gets where it has no handler above: the plain tensor of a lone run, else a sentence."""
    held = read(value)
    if isinstance(held, Number):
        return held.cast(dtype or (tf.float32 if held.weak else held.dtype))
    if isinstance(held, Vector | Scalar | Matrix):
        raise TypeError(
            f"{held!r} met a function of TensorFlow that is not among those which reportgen runs for a whole batch: "
            "element-wise functions, tf.where, reductions, tf.norm, tf.tensordot"
        )
    return tf.convert_to_tensor(held, dtype)


for _kind in (Slot, Scalar, Vector, Matrix):
    tf.register_tensor_conversion_function(_kind, _as_tensor)


def _dispatch_reduction(api: Callable[..., Any], over_coordinates: Callable[[Vector], Scalar]) -> None:
    @tf.experimental.dispatch_for_api(api, {"input_tensor": _REDUCED})
    def handler(input_tensor: Any, axis: Any = None, keepdims: Any = False, name: Any = None) -> Any:
        input_tensor = read(input_tensor)
        if isinstance(input_tensor, Scalar):
            return input_tensor
        if not isinstance(input_tensor, Vector):
            return api(input_tensor, axis, keepdims, name)
        if keepdims or axis not in (None, 0, -1):
            raise TypeError("a position has one axis, 0, and a reduction over it gives a number: no keepdims")
        return over_coordinates(input_tensor)


_dispatch_reduction(tf.reduce_sum, reductions.total)
_dispatch_reduction(tf.reduce_max, reductions.largest)
_dispatch_reduction(tf.reduce_min, reductions.smallest)
_dispatch_reduction(tf.reduce_all, reductions.every)
_dispatch_reduction(tf.reduce_any, reductions.some)
_dispatch_reduction(tf.reduce_mean, lambda value: reductions.total(value) / float(len(value)))
