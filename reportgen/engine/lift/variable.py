"""The stand-in of ``tf.Variable`` while a foreign optimizer is traced: assignments change what it holds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NoReturn

import tensorflow as tf

from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.number import CONTROL_FLOW, Number


def read(value: Any) -> Any:
    """Return the value itself, or what a Variable holds."""
    return value.held if isinstance(value, Variable) else value


def _operator(function: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def method(self: Any, other: Any) -> Any:
        return function(self.held, read(other))

    def reflected(self: Any, other: Any) -> Any:
        return function(read(other), self.held)

    return method, reflected


class Variable:
    """What a foreign optimizer takes for a variable of one run."""

    __array_ufunc__ = None
    trainable = True

    def __init__(self, held: Any, name: str = "Variable") -> None:
        self.held = held
        self.name = f"{name}:0"

    __add__, __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub)
    __mul__, __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(operator.truediv)
    __floordiv__, __rfloordiv__ = _operator(operator.floordiv)
    __mod__, __rmod__ = _operator(operator.mod)
    __pow__, __rpow__ = _operator(operator.pow)
    __matmul__, __rmatmul__ = _operator(operator.matmul)
    __and__, __rand__ = _operator(operator.and_)
    __or__, __ror__ = _operator(operator.or_)
    __lt__, _ = _operator(operator.lt)
    __le__, _ = _operator(operator.le)
    __gt__, _ = _operator(operator.gt)
    __ge__, _ = _operator(operator.ge)
    __ne__, _ = _operator(tf.not_equal)

    def __neg__(self) -> Any:
        return -self.held

    def __abs__(self) -> Any:
        return abs(self.held)

    def __invert__(self) -> Any:
        return ~self.held

    def __bool__(self) -> bool:
        raise Unliftable(CONTROL_FLOW)

    def __hash__(self) -> int:  # a variable is a key, as it is in TensorFlow by its ref()
        return id(self)

    def __eq__(self, other: Any) -> Any:
        return True if self is other else tf.equal(self.held, read(other))

    @property
    def dtype(self) -> Any:
        """The dtype of the value."""
        return self.held.dtype

    @property
    def shape(self) -> Any:
        """The shape of one run's value."""
        return self.held.shape

    def assign(self, value: Any, *_: Any, **__: Any) -> Variable:
        """Hold ``value``, which must have the shape and dtype of the old one."""
        self.held = fitted(value, self.held)
        return self

    def assign_add(self, delta: Any, *_: Any, **__: Any) -> Variable:
        """Add ``delta``."""
        return self.assign(self.held + _typed(delta, self.held))

    def assign_sub(self, delta: Any, *_: Any, **__: Any) -> Variable:
        """Subtract ``delta``."""
        return self.assign(self.held - _typed(delta, self.held))

    def value(self) -> Any:
        """What it holds."""
        return self.held

    read_value = value

    def numpy(self) -> Any:
        """There is no number while the loop is being compiled."""
        raise Unliftable("a variable's .numpy() is called, but there is no number yet while the loop is compiled")

    def get_shape(self) -> Any:
        """``shape``."""
        return self.shape

    def _fixed(self) -> NoReturn:
        raise Unliftable("a variable has no number of Python's while the loop is compiled: use TensorFlow's functions")

    __int__ = __float__ = __index__ = _fixed

    def ref(self) -> Reference:
        """Something to look it up by, in a dict or a list."""
        return Reference(self)

    def __getitem__(self, index: Any) -> Any:
        return self.held[index]

    def __len__(self) -> int:
        return int(self.shape[0])


@dataclass(frozen=True, eq=False)
class Reference:
    """What ``tf.Variable.ref()`` gives: equal to the references of the same variable only."""

    variable: Variable

    def deref(self) -> Variable:
        """The variable."""
        return self.variable

    def __hash__(self) -> int:
        return id(self.variable)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self.variable is other.variable


def fitted(value: Any, old: Any) -> Any:
    """``value`` as it can take the place of ``old``; Unliftable where shape or dtype differ."""
    new = _typed(value, old)
    if new.shape != old.shape:
        raise Unliftable(f"a value of shape {new.shape} is assigned to a variable of shape {old.shape}")
    return new


def _typed(value: Any, old: Any) -> Any:
    value = read(value)
    if isinstance(old, Number):
        return value if isinstance(value, Number) else old * 0.0 + value
    if tf.is_tensor(value) and value.dtype != old.dtype:
        raise Unliftable(f"a value of dtype {value.dtype.name} is assigned to a variable of {old.dtype.name}")
    return tf.convert_to_tensor(value, old.dtype)


def variables_as_stand_ins() -> AbstractContextManager[Any]:
    """Within this block ``tf.Variable(...)`` gives a stand-in."""
    scope: AbstractContextManager[Any] = tf.variable_creator_scope(_create)
    return scope


def _create(_: Any, **told: Any) -> Variable:
    initial = told.get("initial_value")
    initial = read(initial() if callable(initial) else initial)
    if not isinstance(initial, Number):
        initial = tf.convert_to_tensor(initial, told.get("dtype"))
    return Variable(initial, told.get("name") or "Variable")


def _convert(variable: Variable, dtype: Any = None, **_: Any) -> Any:
    return tf.convert_to_tensor(variable.held, dtype)


tf.register_tensor_conversion_function(Variable, _convert)
