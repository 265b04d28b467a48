"""What a rule written for one run sees in place of its tensors: values that hold one number for every run of a batch.

A rule says ``x - learning_rate * gradient / (tf.norm(gradient) + epsilon)`` and means one run: ``x`` a vector, the
others scalars. Here a ``Vector`` keeps each coordinate as a [batch] tensor of its own (the fastest layout in low
dimension), or all of them as one [dim, batch] block; a ``Scalar`` is a [batch] or [] tensor. TensorFlow's element-wise
operations and its reductions over a vector are dispatched to them, so that a norm is one number a run and never mixes
runs.

A *weak* scalar (learning rate, step, hyperparameter) plays the part of Python's float: it is computed in float64 and
cast once, where it meets a tensor of the run's dtype.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import tensorflow as tf


def _operator(function: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def method(self: Any, other: Any) -> Any:
        return binary(function, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return binary(function, other, self)

    return method, reflected


class Operators:
    """Python's operators, element by element."""

    __array_ufunc__ = None
    """NumPy leaves operators with an array on the left to this side."""

    __add__, __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub)
    __mul__, __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(operator.truediv)
    __rpow__ = _operator(operator.pow)[1]
    __mod__, __rmod__ = _operator(operator.mod)
    __floordiv__, __rfloordiv__ = _operator(operator.floordiv)
    __and__, __rand__ = _operator(operator.and_)
    __or__, __ror__ = _operator(operator.or_)
    __lt__, _ = _operator(operator.lt)
    __le__, _ = _operator(operator.le)
    __gt__, _ = _operator(operator.gt)
    __ge__, _ = _operator(operator.ge)

    __eq__, _ = _operator(tf.equal)
    __ne__, _ = _operator(tf.not_equal)
    __hash__ = None  # type: ignore[assignment]

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, int | float) and exponent in (0.5, 2, 3, 4):
            return unary(lambda part: _small_power(part, exponent), self)
        return binary(operator.pow, self, exponent)

    def __neg__(self) -> Any:
        return unary(operator.neg, self)

    def __abs__(self) -> Any:
        return unary(tf.abs, self)

    def __invert__(self) -> Any:
        return unary(operator.invert, self)

    def __bool__(self) -> bool:
        raise TypeError(
            "a value that differs from run to run, or from step to step, cannot steer Python's if, while, and, or: "
            "use tf.where, & and |"
        )


def _small_power(x: Any, exponent: float) -> Any:
    """``x ** exponent`` by products or a root, where a pow call would be slow."""
    if exponent == 0.5:
        return tf.sqrt(x)
    square = x * x
    return square if exponent == 2 else square * (x if exponent == 3 else square)


class Slot(Operators):
    """The stand-in of a variable: it holds a value of any kind, and can be given another."""

    def __init__(self, held: Any) -> None:
        self.held = held


def read(value: Any) -> Any:
    """The value itself, or what a Slot holds."""
    return value.held if isinstance(value, Slot) else value


class Scalar(Operators, tf.experimental.ExtensionType):  # type: ignore[misc]  # TensorFlow has no types
    """One number a run: shape [] to its rule, ``value`` of shape [batch] or [] here."""

    value: tf.Tensor
    weak: bool = False

    @property
    def dtype(self) -> Any:
        """The dtype of the number."""
        return self.value.dtype

    @property
    def shape(self) -> tf.TensorShape:
        """The shape that the rule sees: []."""
        return tf.TensorShape([])

    def cast(self, dtype: Any) -> Any:
        """The plain tensor in ``dtype``."""
        return tf.cast(self.value, dtype)

    def __repr__(self) -> str:
        return f"a number of dtype {self.dtype.name}, one a run"

    def _fixed(self) -> Any:
        raise TypeError(
            "a number that differs from run to run, or from step to step, cannot become a number of Python's: "
            "use TensorFlow's functions (tf.sqrt for math.sqrt) and tf.where"
        )

    __float__ = __int__ = __index__ = _fixed


class Number(Scalar):
    """A weak Scalar of a loop that holds a single run, whose vectors are plain tensors; among them a Python float."""


def _typed_number(value: Any) -> bool:
    """Whether it is a Number that has a dtype of its own, and so is a tensor among others."""
    return isinstance(value, Number) and not value.weak


def _among_tensors(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """``function`` of Numbers, plain tensors and Python's numbers; a Number again where there is no tensor."""
    tensors = [value for value in values if tf.is_tensor(value) and not isinstance(value, Scalar)]
    dtype = next((value.dtype for value in tensors if value.dtype.is_floating), tf.float64)
    result = function(*(_plain(value, dtype) for value in values))
    return result if tensors else Number(result, weak=result.dtype.is_floating)


class Vector(Operators, tf.experimental.ExtensionType):  # type: ignore[misc]  # TensorFlow has no types
    """One vector a run: shape [dim] to its rule; here a [batch] tensor a coordinate, or a single [dim, batch] block."""

    parts: tuple[tf.Tensor, ...]

    @property
    def dtype(self) -> Any:
        """The dtype of each coordinate."""
        return self.parts[0].dtype

    @property
    def block(self) -> bool:
        """Whether all coordinates are kept in one [dim, batch] tensor."""
        return len(self.parts) == 1 and self.parts[0].shape.rank == 2

    @property
    def shape(self) -> tf.TensorShape:
        """The shape that the rule sees: [dim]."""
        return tf.TensorShape([len(self)])

    def __repr__(self) -> str:
        return f"a vector of shape {self.shape} and dtype {self.dtype.name}, one a run"

    def __len__(self) -> int:
        return int(self.parts[0].shape[0]) if self.block else len(self.parts)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Vector((self.parts[0][index],)) if self.block else Vector(self.parts[index])
        return Scalar(self.parts[0][index] if self.block else self.parts[index])


class Matrix(Operators, tf.experimental.ExtensionType):  # type: ignore[misc]  # TensorFlow has no types
    """One square matrix a run: shape [dim, dim] to its rule, ``value`` of shape [dim, dim, batch] here."""

    value: tf.Tensor

    @property
    def dtype(self) -> Any:
        """The dtype of the entries."""
        return self.value.dtype

    @property
    def shape(self) -> tf.TensorShape:
        """The shape that the rule sees: [dim, dim]."""
        return self.value.shape[:2]

    def __repr__(self) -> str:
        return f"a matrix of shape {self.shape} and dtype {self.dtype.name}, one a run"


def vector(rows: Any) -> Vector:
    """A Vector from one tensor [dim, batch]; up to ``COORDINATES`` rows become coordinates of their own."""
    if rows.shape[0] > COORDINATES:
        return Vector((rows,))
    return Vector(tuple(tf.unstack(rows)))


COORDINATES = 8
"""The largest dimension kept as one tensor a coordinate; beyond it programs grow and compile slowly."""


def rows(value: Vector) -> Any:
    """The tensor [dim, batch] of a Vector."""
    return value.parts[0] if value.block else tf.stack(value.parts)


def unary(function: Callable[..., Any], x: Any) -> Any:
    """``function`` of each element of a Scalar, Vector or Matrix, or of what a Slot holds."""
    if isinstance(x, Slot):
        held = x.held
        return unary(function, held) if isinstance(held, Scalar | Vector | Matrix) else function(held)
    if isinstance(x, Vector):
        return Vector(tuple(function(part) for part in x.parts))
    return Matrix(function(x.value)) if isinstance(x, Matrix) else type(x)(function(x.value), x.weak)


def binary(function: Callable[..., Any], x: Any, y: Any) -> Any:
    """``function`` of the elements of two values of which at least one is a Scalar or Vector."""
    return elementwise(function, (x, y))


def elementwise(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """``function`` element by element over values for one run: Vectors, Scalars, tensors and numbers.

    Raises TypeError for a tensor that has no place in a batch: of another length than the vectors, or of any length
    where there are only scalars.
    """
    values = tuple(value.value if _typed_number(value) else value for value in map(read, values))
    if any(isinstance(value, Number) for value in values):
        return _among_tensors(function, values)
    if not any(isinstance(value, Scalar | Vector | Matrix) for value in values):
        return function(*values)
    matrices = [value for value in values if isinstance(value, Matrix) or _square(value)]
    if matrices:
        return Matrix(function(*(_entries(value, matrices[0]) for value in values)))
    vectors = [value for value in values if isinstance(value, Vector)]
    if not vectors:
        values = _spread(values)
        vectors = [value for value in values if isinstance(value, Vector)]
    values = tuple(_constant(value, vectors[0] if vectors else None) for value in values)
    dtype = _dtype(values)
    if vectors:
        dtype = dtype if _strong(values) else _chosen_dtype()
        columns = [_columns(value, vectors[0], dtype) for value in values]
        return Vector(tuple(function(*column) for column in zip(*columns, strict=True)))
    shared = all(not value.value.shape.rank for value in values if isinstance(value, Scalar))
    result = function(*((_plain if shared else _of_each_run)(value, dtype) for value in values))
    return Scalar(result, result.dtype.is_floating and not _strong(values))


def _square(value: Any) -> bool:
    """Whether it is a constant matrix, such as ``tf.eye(len(x))``."""
    return tf.is_tensor(value) and value.shape.rank == 2 and not isinstance(value, Vector)


def _spread(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, of which there is no vector: an array or tensor [dim] that meets a number of each run becomes one."""
    scalar = next((value.value for value in values if isinstance(value, Scalar)), None)
    dtype = next((value.dtype for value in _strong(values) if value.dtype.is_floating), _chosen_dtype())
    tensors = [tf.convert_to_tensor(value, dtype) if isinstance(value, np.ndarray) else value for value in values]
    return tuple(
        vector(value[:, tf.newaxis] + tf.zeros([tf.size(scalar)], value.dtype))
        if tf.is_tensor(value) and not isinstance(value, Scalar) and value.shape.rank == 1
        else value
        for value in tensors
    )


def _entries(value: Any, like: Any) -> Any:
    """``value`` as an operand for the entries of ``like``, a Matrix or a tensor [dim, dim]."""
    if isinstance(value, Matrix):
        return value.value
    if isinstance(value, Vector):
        raise TypeError("a vector meets a matrix: use tf.linalg.matvec, or tf.linalg.diag_part for a vector")
    if isinstance(value, Scalar):
        return _of_each_run(value, like.dtype)
    tensor = tf.convert_to_tensor(value, like.dtype)
    if tensor.shape.rank and tensor.shape != like.shape:
        raise TypeError(f"a tensor of shape {tensor.shape} meets a matrix of shape {like.shape}, which it does not fit")
    return tensor[:, :, tf.newaxis] if tensor.shape.rank else tensor


_zeros: ContextVar[Any] = ContextVar("zeros", default=None)


@contextmanager
def batch_of(x0: Any) -> Iterator[None]:
    """Within this block a batch of runs that start at ``x0``, [dim, batch], is computed.

    Numbers that a vector of truth values chooses, ``tf.where(x > 0, 1.0, 0.5)``, then have its dtype, and a number that
    all runs share is made one of each run before it meets one.
    """
    # Not a constant: the compiler must not see that it is zero.
    token = _zeros.set(x0[0] * 0)
    try:
        yield
    finally:
        _zeros.reset(token)


def _of_each_run(value: Any, dtype: Any) -> Any:
    """A number, which is made one of each run if it is a Scalar that all runs share.

    The compiler would multiply it with other constants first. Then the bits of a run would depend on whether all runs
    of its batch share a hyperparameter.
    """
    plain, zeros = _plain(value, dtype), _zeros.get()
    if not isinstance(value, Scalar) or zeros is None or plain.shape.rank or not plain.dtype.is_floating:
        return plain
    return plain + tf.cast(zeros, plain.dtype)


def _strong(values: Iterable[Any]) -> list[Any]:
    """Those that have a dtype of their own; truth values do not count."""
    typed = (value for value in values if isinstance(value, Vector | Scalar) or tf.is_tensor(value))
    return [value for value in typed if value.dtype != tf.bool and not getattr(value, "weak", False)]


def _dtype(values: tuple[Any, ...]) -> Any:
    """The dtype that weak scalars and Python's numbers are cast to; None where there are only whole numbers."""
    strong = _strong(values)
    if not strong:
        return tf.float64
    return next((value.dtype for value in strong if value.dtype.is_floating), None)


def _chosen_dtype() -> Any:
    """The dtype of the runs."""
    zeros = _zeros.get()
    return tf.float32 if zeros is None else zeros.dtype


def _plain(value: Any, dtype: Any) -> Any:
    """A Scalar, tensor or number as a plain tensor."""
    if isinstance(value, Scalar):
        return value.cast(dtype) if value.weak else value.value
    if isinstance(value, int | float) and not isinstance(value, bool) and dtype is not None:
        return tf.constant(value, dtype)
    return value


def _columns(value: Any, like: Vector, dtype: Any) -> tuple[Any, ...]:
    """``value`` as one operand for each part of ``like``."""
    return value.parts if isinstance(value, Vector) else (_of_each_run(value, dtype),) * len(like.parts)


def _constant(value: Any, like: Vector | None) -> Any:
    """``value``, made a Vector if it is an array or tensor [dim] that is the same for every run."""
    if isinstance(value, Vector | Scalar | bool | int | float):
        return value
    tensor = value if tf.is_tensor(value) else tf.convert_to_tensor(value, None if like is None else like.dtype)
    if tensor.shape.rank == 0:
        return tensor
    if like is None or tensor.shape.rank > 1 or tensor.shape[0] != len(like):
        what = "a number that differs from run to run" if like is None else f"a vector of shape [{len(like)}]"
        raise TypeError(f"a tensor of shape {tensor.shape} does not fit {what}")
    return constant_vector(tensor, like)


def constant_vector(value: Any, like: Vector) -> Vector:
    """A tensor [dim] that is the same for every run, laid out as ``like``."""
    if like.block:
        return Vector((value[:, tf.newaxis] + tf.zeros_like(like.parts[0]),))
    return Vector(tuple(value[i] + tf.zeros_like(part) for i, part in enumerate(like.parts)))
