"""The stand-in of ``tf.Variable`` while a foreign optimizer is traced: assignments change what it holds."""

from __future__ import annotations

import operator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NoReturn

import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.batch import Scalar, Slot, Vector, read
from reportgen.engine.lift.errors import Unliftable


class Variable(Slot):
    """What a foreign optimizer takes for a variable; its value is one of a run, or of all runs of the batch."""

    trainable = True

    def __init__(self, held: Any, name: str = "Variable") -> None:
        super().__init__(held)
        self.name = f"{name}:0"

    def __hash__(self) -> int:  # type: ignore[override]  # a variable is a key, as it is in TensorFlow by its ref()
        return id(self)

    def __eq__(self, other: Any) -> Any:
        return True if self is other else batch.binary(tf.equal, self, other)

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
        return self.assign(batch.binary(operator.add, self.held, _typed(delta, self.held)))

    def assign_sub(self, delta: Any, *_: Any, **__: Any) -> Variable:
        """Subtract ``delta``."""
        return self.assign(batch.binary(operator.sub, self.held, _typed(delta, self.held)))

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
        return len(self.held) if isinstance(self.held, Vector) else int(self.shape[0])


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
    if isinstance(old, Vector | Scalar) or isinstance(new, Vector | Scalar):
        # A constant becomes a value of the batch, and a number fills a vector, as assigning it would not.
        if isinstance(new, Scalar) and isinstance(old, Vector):
            raise Unliftable(f"a number is assigned to a variable of shape {old.shape}")
        return batch.elementwise(lambda first, second: tf.zeros_like(first) + second, (old, new))
    if new.shape != old.shape:
        raise Unliftable(f"a value of shape {new.shape} is assigned to a variable of shape {old.shape}")
    return new


def _typed(value: Any, old: Any) -> Any:
    value = read(value)
    if isinstance(value, Vector | Scalar):
        if not getattr(value, "weak", False) and value.dtype != old.dtype:
            raise Unliftable(f"a value of dtype {value.dtype.name} is assigned to a variable of {old.dtype.name}")
        return value
    return tf.convert_to_tensor(value, old.dtype)


def variables_as_slots() -> AbstractContextManager[Any]:
    """Within this block ``tf.Variable(...)`` gives a stand-in."""
    scope: AbstractContextManager[Any] = tf.variable_creator_scope(_create)
    return scope


def _create(_: Any, **told: Any) -> Variable:
    initial = told.get("initial_value")
    initial = read(initial() if callable(initial) else initial)
    if not isinstance(initial, Vector | Scalar):
        initial = tf.convert_to_tensor(initial, told.get("dtype"))
    return Variable(initial, told.get("name") or "Variable")
