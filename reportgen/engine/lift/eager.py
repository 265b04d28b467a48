"""One step of a foreign optimizer as its author makes it: eagerly, with its own object and real variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.rule import arguments_of, set_rate
from reportgen.engine.result import Array
from reportgen.foreign import ClassOptimizer

Apply = Callable[[Array, Array, float], Array]
"""From a position [dim], the gradient there and a learning rate to the next position; it remembers what the optimizer
remembers."""


def of_class(kind: type[ClassOptimizer], values: Mapping[str, Any], rate: float, start: Array) -> Apply:
    """``apply_gradients`` of a new object, made with the learning rate ``rate``."""
    target = kind.target(**{kind.rate: rate}, **arguments_of(values))
    one = values["variables"] == "one"
    variables = [tf.Variable(part) for part in ([start] if one else start)]

    def apply(x: Array, gradient: Array, now: float) -> Array:
        if values["schedule"] != "constant":
            set_rate(target, kind.rate, now)
        for variable, part in zip(variables, [x] if one else x, strict=True):
            variable.assign(part)
        gradients = [tf.constant(part) for part in ([gradient] if one else gradient)]
        if kind.pairs:
            target.apply_gradients(list(zip(gradients, variables, strict=True)))
        else:
            target.apply_gradients(gradients, variables)
        return np.concatenate([np.atleast_1d(variable.numpy()) for variable in variables])

    return apply


def require_effect(kind: type[ClassOptimizer], values: Mapping[str, Any], start: Array, gradient: Array) -> None:
    """Unliftable where a schedule would change nothing, because the learning rate was used up in ``__init__``."""
    one, other = (of_class(kind, values, 0.1, start)(start, gradient, now) for now in (0.1, 0.05))
    if np.array_equal(one, other):
        raise Unliftable(
            f"a schedule sets self.{kind.rate} before each step, and {kind.target.__name__} does not look at it: use "
            "it in apply_gradients, and not only in __init__"
        )
