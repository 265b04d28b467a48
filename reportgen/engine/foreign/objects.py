"""Objects of TensorFlow optimizers, as their framework makes and calls them: one object makes the steps of one run."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf

from reportgen.foreign import ClassOptimizer, ForeignOptimizer, KerasOptimizer
from reportgen.tensor import Tensor

Shapes = Sequence[tuple[int, ...]]

_NOT_ARGUMENTS = ("schedule", "variables")
"""Hyperparameters of reportgen, which the optimizer itself does not take."""


class Framework(Protocol):
    """How a framework makes and calls an optimizer. One position serves all objects, so that keys stay the same."""

    @property
    def position(self) -> Sequence[Any]:
        """The variables of the position."""

    def make(self, rate: float, numbers: Mapping[str, float]) -> Any:
        """Return a new optimizer object with a learning rate and values of numeric hyperparameters."""

    def apply(self, optimizer: Any, gradients: Sequence[Tensor]) -> None:
        """Call the public entry point of the optimizer, which changes the position."""

    def set_rate(self, optimizer: Any, rate: Any) -> None:
        """Set the learning rate before a step, as a schedule does; TypeError if the optimizer does not use it."""

    def split(self, x: Tensor) -> list[Tensor]:
        """Return the value of each variable of the position, from one tensor [dim]."""

    def joined(self) -> Tensor:
        """Return the position, [dim]."""


class Classes:
    """Classes with ``apply_gradients``, as TensorFlow's guide writes them."""

    def __init__(self, kind: type[ClassOptimizer], values: Mapping[str, Any], start: Tensor, shapes: Shapes) -> None:
        """Create the variables of the position.

        Args:
            kind: the declaration.
            values: its hyperparameters.
            start: any position, [dim] in the dtype of the runs.
            shapes: of the arrays that it consists of; empty: one vector.
        """
        self._kind = kind
        self._arguments = _arguments(values)
        self._shapes = shapes if values["variables"] == "one" else [()] * int(start.shape[0])
        self.position = [tf.Variable(part) for part in self.split(start)]

    def make(self, rate: float, numbers: Mapping[str, float]) -> Any:
        """Return a new object of the class."""
        return self._kind.target(**{self._kind.rate: rate}, **{**self._arguments, **numbers})

    def apply(self, optimizer: Any, gradients: Sequence[Tensor]) -> None:
        """Call ``apply_gradients``, with two lists or with one list of pairs."""
        if self._kind.pairs:
            optimizer.apply_gradients(list(zip(gradients, self.position, strict=True)))
        else:
            optimizer.apply_gradients(list(gradients), list(self.position))

    def set_rate(self, optimizer: Any, rate: Any) -> None:
        """Set the attribute of the learning rate."""
        name = self._kind.rate
        if not hasattr(optimizer, name):
            raise TypeError(f"a schedule needs the attribute {name}; {type(optimizer).__name__} has none")
        held = getattr(optimizer, name)
        try:
            held.assign(rate) if hasattr(held, "assign") else setattr(optimizer, name, rate)
        except AttributeError as error:
            raise TypeError(f"a schedule needs an attribute {name} that can be set: {error}") from error

    def split(self, x: Tensor) -> list[Tensor]:
        """Return one vector, one array of each shape, or one scalar per coordinate."""
        return parts(x, self._shapes)

    def joined(self) -> Tensor:
        """Return the position, [dim]."""
        return whole([variable.read_value() for variable in self.position])


class Keras:
    """Optimizers of Keras."""

    def __init__(self, kind: type[KerasOptimizer], values: Mapping[str, Any], start: Tensor, shapes: Shapes) -> None:
        """Create the variables of the position; the arguments are as for ``Classes``."""
        import keras

        keras.config.set_floatx(start.dtype.name)
        self._target = kind.target
        self._module = kind.__module__
        self._arguments = _arguments(values)
        self._shapes = shapes
        self.position = [keras.Variable(part, dtype=start.dtype.name) for part in self.split(start)]

    def make(self, rate: float, numbers: Mapping[str, float]) -> Any:
        """Return a new optimizer: of a class, or the same instance from a new execution of its file."""
        import keras

        if isinstance(self._target, str):
            return getattr(keras.optimizers, self._target)(learning_rate=rate, **{**self._arguments, **numbers})
        if isinstance(self._target, type):
            return self._target(learning_rate=rate, **{**self._arguments, **numbers})
        instance = _again(self._target, self._module)
        schedule = instance.get_config()["learning_rate"]
        if isinstance(schedule, Mapping):
            own = keras.optimizers.schedules.deserialize(schedule)
            changed = own.get_config() | {"initial_learning_rate": rate}
            instance.learning_rate = type(own).from_config(changed)
        else:
            instance.learning_rate = rate
        return instance

    def apply(self, optimizer: Any, gradients: Sequence[Tensor]) -> None:
        """Call ``apply_gradients`` as Keras's trainer does."""
        optimizer.apply_gradients(list(zip(gradients, self.position, strict=True)))

    def set_rate(self, optimizer: Any, rate: Any) -> None:
        """Set the learning rate."""
        optimizer.learning_rate = tf.convert_to_tensor(rate, self.position[0].dtype)

    def split(self, x: Tensor) -> list[Tensor]:
        """Return one vector, or one array of each shape."""
        return parts(x, self._shapes)

    def joined(self) -> Tensor:
        """Return the position, [dim]."""
        return whole([tf.convert_to_tensor(variable) for variable in self.position])


def framework_of(kind: type[ForeignOptimizer], values: Mapping[str, Any], start: Tensor, shapes: Shapes) -> Framework:
    """Return how optimizers of this kind are made and called; the other arguments are as for ``Classes``."""
    if issubclass(kind, ClassOptimizer):
        return Classes(kind, values, start, shapes)
    assert issubclass(kind, KerasOptimizer)
    return Keras(kind, values, start, shapes)


def parts(x: Tensor, shapes: Shapes) -> list[Tensor]:
    """Return the arrays of the given shapes that a position [dim] consists of; the position itself without shapes."""
    if not shapes:
        return [x]
    pieces = tf.split(x, [math.prod(shape) for shape in shapes])
    return [tf.reshape(piece, shape) for piece, shape in zip(pieces, shapes, strict=True)]


def whole(arrays: Sequence[Tensor]) -> Tensor:
    """Return the position [dim] that consists of these arrays."""
    return tf.concat([tf.reshape(array, [-1]) for array in arrays], 0)


def _arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _NOT_ARGUMENTS}


def _again(instance: Any, module_name: str) -> Any:
    """The same object from a new execution of its module, so that no run sees what another left in it."""
    module = sys.modules[module_name]
    name = next(name for name, value in vars(module).items() if value is instance)
    spec = importlib.util.spec_from_file_location(module_name, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return getattr(fresh, name)
