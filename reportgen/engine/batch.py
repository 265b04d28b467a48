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
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

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
            "a value that differs from run to run cannot steer Python's if, while, and, or: use tf.where, & and |"
        )


def _small_power(x: Any, exponent: float) -> Any:
    """``x ** exponent`` by products or a root, where a pow call would be slow."""
    if exponent == 0.5:
        return tf.sqrt(x)
    square = x * x
    return square if exponent == 2 else square * (x if exponent == 3 else square)


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
    """``function`` of each element of a Scalar or Vector."""
    if isinstance(x, Vector):
        return Vector(tuple(function(part) for part in x.parts))
    return Matrix(function(x.value)) if isinstance(x, Matrix) else Scalar(function(x.value), x.weak)


def binary(function: Callable[..., Any], x: Any, y: Any) -> Any:
    """``function`` of the elements of two values of which at least one is a Scalar or Vector."""
    return elementwise(function, (x, y))


def elementwise(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """``function`` element by element over values for one run: Vectors, Scalars, tensors and numbers.

    Raises TypeError for a tensor that has no place in a batch: of another length than the vectors, or of any length
    where there are only scalars.
    """
    matrices = [value for value in values if isinstance(value, Matrix) or _square(value)]
    if matrices:
        return Matrix(function(*(_entries(value, matrices[0]) for value in values)))
    vectors = [value for value in values if isinstance(value, Vector)]
    values = tuple(_constant(value, vectors[0] if vectors else None) for value in values)
    dtype = _dtype(values)
    if vectors:
        columns = [_columns(value, vectors[0], dtype) for value in values]
        return Vector(tuple(function(*column) for column in zip(*columns, strict=True)))
    result = function(*(_plain(value, dtype) for value in values))
    return Scalar(result, result.dtype.is_floating and not _strong(values))


def _square(value: Any) -> bool:
    """Whether it is a constant matrix, such as ``tf.eye(len(x))``."""
    return tf.is_tensor(value) and value.shape.rank == 2 and not isinstance(value, Vector)


def _entries(value: Any, like: Any) -> Any:
    """``value`` as an operand for the entries of ``like``, a Matrix or a tensor [dim, dim]."""
    if isinstance(value, Matrix):
        return value.value
    if isinstance(value, Vector):
        raise TypeError("a vector meets a matrix: use tf.linalg.matvec, or tf.linalg.diag_part for a vector")
    if isinstance(value, Scalar):
        return _plain(value, like.dtype)
    tensor = tf.convert_to_tensor(value, like.dtype)
    if tensor.shape.rank and tensor.shape != like.shape:
        raise TypeError(f"a tensor of shape {tensor.shape} meets a matrix of shape {like.shape}, which it does not fit")
    return tensor[:, :, tf.newaxis] if tensor.shape.rank else tensor


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


def _plain(value: Any, dtype: Any) -> Any:
    """A Scalar, tensor or number as a plain tensor."""
    if isinstance(value, Scalar):
        return value.cast(dtype) if value.weak else value.value
    if isinstance(value, int | float) and not isinstance(value, bool) and dtype is not None:
        return tf.constant(value, dtype)
    return value


def _columns(value: Any, like: Vector, dtype: Any) -> tuple[Any, ...]:
    """``value`` as one operand for each part of ``like``."""
    return value.parts if isinstance(value, Vector) else (_plain(value, dtype),) * len(like.parts)


def _constant(value: Any, like: Vector | None) -> Any:
    """``value``, made a Vector if it is an array or tensor [dim] that is the same for every run."""
    if isinstance(value, Vector | Scalar | bool | int | float):
        return value
    tensor = value if tf.is_tensor(value) else tf.convert_to_tensor(value, None if like is None else like.dtype)
    if tensor.shape.rank == 0:
        return tensor
    if like is None:
        raise TypeError(
            f"a tensor of shape {tensor.shape} meets a number that differs from run to run: "
            "let each of them meet the position or the gradient first"
        )
    if tensor.shape.rank > 1 or tensor.shape[0] != len(like):
        raise TypeError(f"a tensor of shape {tensor.shape} does not fit a vector of shape [{len(like)}]")
    return constant_vector(tensor, like)


def constant_vector(value: Any, like: Vector) -> Vector:
    """A tensor [dim] that is the same for every run, laid out as ``like``."""
    if like.block:
        return Vector((value[:, tf.newaxis] + tf.zeros_like(like.parts[0]),))
    return Vector(tuple(value[i] + tf.zeros_like(part) for i, part in enumerate(like.parts)))


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
