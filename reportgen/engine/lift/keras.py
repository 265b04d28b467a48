"""A Keras optimizer as a rule: its variables live beside the loop, and its learning rate is the one of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.lift.eager import Apply
from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array
from reportgen.engine.rule import Inputs, MappedRule
from reportgen.foreign import ForeignOptimizer


def _created(kind: type[ForeignOptimizer], values: Mapping[str, Any], dtype: str, rate: Callable[[], Any]) -> Any:
    """A new Keras optimizer with these arguments; its own variables have the runs' dtype, and it asks ``rate``."""
    import keras

    keras.config.set_floatx(dtype)
    arguments = {name: value for name, value in values.items() if name != "schedule"}
    if isinstance(kind.target, type):
        return kind.target(learning_rate=rate, **arguments)
    if not isinstance(kind.target, str):
        return type(kind.target).from_config(kind.target.get_config() | {"learning_rate": rate})
    return getattr(keras.optimizers, kind.target)(learning_rate=rate, **arguments)


class _Gradient:
    """A rule whose new position is the gradient, and whose state is the learning rate."""

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    def init(self, x: Any) -> Any:
        """A rate of zero."""
        return tf.zeros([], x.dtype)

    def step(self, x: Any, state: Any, problem: Any) -> Any:
        """The gradient at ``x`` and the learning rate."""
        _, gradient = problem.value_and_gradient(x)
        return gradient, tf.convert_to_tensor(problem.learning_rate, x.dtype)


class KerasRule:
    """A Keras optimizer for one compiled loop.

    Keras has no functional form of its optimizers on TensorFlow, so position and state are Keras variables of the shape
    of the batch: the compiler carries them through the loop.
    """

    def __init__(
        self, kind: type[ForeignOptimizer], values: Mapping[str, Any], dtype: str, shape: tuple[int, ...]
    ) -> None:
        """``shape`` is that of the position: [runs, dim], or [dim] for one run at a time."""
        import keras

        self._schedule = values["schedule"]
        self._alone = len(shape) == 1
        self._rate: Any = None
        # Variables cannot be made where the loop is being compiled.
        self._optimizer = _created(kind, values, dtype, lambda: self._rate)
        self._position = keras.Variable(np.zeros(shape), dtype=dtype)
        self._optimizer.build([self._position])
        self._initial = [variable.numpy() for variable in self._optimizer.variables]
        if not self._alone and any(value.shape not in ((), shape) for value in self._initial):
            raise Unliftable("a variable of the optimizer has a shape that does not follow the position's")

    def bind(self, setting: Setting, inputs: Inputs) -> KerasRule:
        """The rule for these runs."""
        self._gradient = MappedRule(lambda *_: _Gradient(self._schedule), setting, inputs)
        return self

    @property
    def evaluations(self) -> int:
        """Gradient evaluations per step."""
        return self._gradient.evaluations

    def init(self) -> list[Any]:
        """Put the variables to where they begin; there is no state besides."""
        # The function runs once a chunk, and what the last one left must not go on.
        for variable, value in zip(self._optimizer.variables, self._initial, strict=True):
            variable.assign(tf.constant(value))
        self._gradient.init()
        return []

    def step(self, points: Point, state: list[Any]) -> tuple[Any, list[Any]]:
        """One call of ``apply``."""
        gradient, (rate,) = self._gradient.step(points, [tf.zeros(points.x.shape[:1], points.x.dtype)])
        self._rate = rate[0] if self._alone else rate[:, tf.newaxis]
        self._position.assign(points.x[0] if self._alone else points.x)
        self._optimizer.apply([gradient[0] if self._alone else gradient], [self._position])
        position = tf.convert_to_tensor(self._position)
        return position[tf.newaxis] if self._alone else position, state


def eagerly(kind: type[ForeignOptimizer], values: Mapping[str, Any], dtype: str, start: Array) -> Apply:
    """``apply`` of a new optimizer on a variable, one run."""
    import keras

    now = [0.0]
    optimizer = _created(kind, values, dtype, lambda: tf.constant(now[0], dtype))
    variable = keras.Variable(start, dtype=dtype)

    def apply(x: Array, gradient: Array, rate: float) -> Array:
        now[0] = rate
        variable.assign(x)
        optimizer.apply([tf.constant(gradient)], [variable])
        position: Array = variable.numpy()
        return position

    return apply
