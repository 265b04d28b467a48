"""Numbers that a rule uses as Python floats: its learning rate, its step and its ``float`` hyperparameters.

They are float64 among themselves, and are rounded once, when they meet a tensor of the dtype of the runs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from reportgen.tensor import Tensor

CONTROL_FLOW = (
    "a value that differs from run to run, or from step to step, cannot be the condition of Python's if, while, and, "
    "or: use tf.where, & and |"
)
"""What to tell the author of a rule or a loss that uses a tensor as a condition."""

ITERATION = "a tensor cannot be iterated over or unpacked: use tf.unstack"
"""What to tell the author of a rule or a loss that loops over a tensor."""


def _operator(function: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def method(self: Number, other: Any) -> Any:
        return self._combine(function, self, other)

    def reflected(self: Number, other: Any) -> Any:
        return self._combine(function, other, self)

    return method, reflected


class Number:
    """A float64 number that differs between runs, or between steps."""

    __array_ufunc__ = None
    """Makes NumPy leave an operator with an array on its left to this class."""

    def __init__(self, value: Tensor, like: Tensor, *, shared: bool = False) -> None:
        """Wrap a number.

        Args:
            value: float64, shape [].
            like: a zero of the dtype of the runs, shape []. It belongs to one run, so XLA cannot know its value.
            shared: whether all runs have the same value.
        """
        self.value = value
        self.like = like
        self._shared = shared

    def to_tensor(self, dtype: Any = None) -> Tensor:
        """Return the number as a tensor of shape [], rounded to ``dtype``; None: the dtype of the runs."""
        dtype = tf.as_dtype(dtype or self.like.dtype)
        if not dtype.is_floating:
            raise TypeError(f"a float meets a tensor of dtype {dtype.name}: cast the tensor with tf.cast")
        rounded = tf.cast(self.value, dtype)
        # XLA multiplies a number that all runs share with other constants first. The bits of a run would then depend
        # on whether the runs of its loop share a hyperparameter.
        return rounded + tf.cast(self.like, dtype) if self._shared else rounded

    def _combine(self, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        numbers = [each for each in (left, right) if isinstance(each, Number)]
        if not all(isinstance(each, Number | int | float | np.number) for each in (left, right)):
            return function(*_to_tensors(left, right))
        values = (each.value if isinstance(each, Number) else tf.constant(each, tf.float64) for each in (left, right))
        return self._wrap(function(*values), all(each._shared for each in numbers))

    def _wrap(self, value: Tensor, shared: bool) -> Any:
        return Number(value, self.like, shared=shared) if value.dtype == tf.float64 else value

    __add__, __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub)
    __mul__, __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(operator.truediv)
    __mod__, __rmod__ = _operator(operator.mod)
    __floordiv__, __rfloordiv__ = _operator(operator.floordiv)
    __rpow__ = _operator(operator.pow)[1]
    __lt__, _ = _operator(operator.lt)
    __le__, _ = _operator(operator.le)
    __gt__, _ = _operator(operator.gt)
    __ge__, _ = _operator(operator.ge)
    __eq__, _ = _operator(tf.equal)
    __ne__, _ = _operator(tf.not_equal)
    __hash__ = None  # type: ignore[assignment]

    def __pow__(self, exponent: Any) -> Any:
        if not isinstance(exponent, int | float) or exponent not in _POWERS:
            return self._combine(operator.pow, self, exponent)
        return self._wrap(_POWERS[exponent](self.value), self._shared)

    def __pos__(self) -> Number:
        return self

    def __neg__(self) -> Number:
        return Number(-self.value, self.like, shared=self._shared)

    def __abs__(self) -> Number:
        return Number(tf.abs(self.value), self.like, shared=self._shared)

    def __bool__(self) -> bool:
        raise TypeError(CONTROL_FLOW)

    def _refuse(self) -> NoReturn:
        raise TypeError(
            "a number that differs from run to run, or from step to step, cannot become a Python number: use "
            "TensorFlow's functions (tf.sqrt instead of math.sqrt) and tf.where"
        )

    __float__ = __int__ = __index__ = _refuse

    @property
    def dtype(self) -> Any:
        """The dtype of the tensor that it becomes."""
        return self.like.dtype

    @property
    def shape(self) -> Any:
        """Always []."""
        return tf.TensorShape([])

    def __repr__(self) -> str:
        return "a number that differs from run to run or from step to step"


_POWERS: dict[float, Callable[[Tensor], Tensor]] = {
    0.5: tf.sqrt,
    2: lambda x: x * x,
    3: lambda x: x * x * x,
    4: lambda x: (x * x) * (x * x),
}
"""Powers as products or a root: XLA computes the general power slowly."""


def _to_tensors(left: Any, right: Any) -> tuple[Tensor, Tensor]:
    """The operands of which one is a Number, as tensors; an array becomes one of the dtype of the runs."""
    if isinstance(left, Number):
        other = _to_tensor(right, left)
        return left.to_tensor(other.dtype), other
    other = _to_tensor(left, right)
    return other, right.to_tensor(other.dtype)


def _to_tensor(other: Any, number: Number) -> Tensor:
    if isinstance(other, np.ndarray) and other.dtype.kind in "fiu":
        return tf.convert_to_tensor(other, number.dtype)
    return tf.convert_to_tensor(other)


def _convert(number: Number, dtype: Any = None, **_: Any) -> Tensor:
    return number.to_tensor(dtype)


tf.register_tensor_conversion_function(Number, _convert)
