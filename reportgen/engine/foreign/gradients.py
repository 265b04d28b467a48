"""What an optimizer of another framework is given at each step: gradients, with noise, and learning rates."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from reportgen.engine.minibatch import Minibatches
from reportgen.engine.problem import Point, Setting
from reportgen.engine.rule import Inputs, MappedRule
from reportgen.tensor import Tensor


class _GradientRule:
    """A rule whose new position is the gradient, and whose state is the learning rate."""

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    def init(self, _: Tensor) -> Tensor:
        """A rate of zero."""
        return tf.zeros([], tf.float64)

    def step(self, x: Tensor, _: Tensor, problem: Any) -> tuple[Tensor, Tensor]:
        """The gradient at ``x``, and the learning rate."""
        _, gradient = problem.value_and_gradient(x)
        return gradient, tf.convert_to_tensor(problem.learning_rate, tf.float64)


class Gradients:
    """Gradients and learning rates of some runs at a step, while a function is traced."""

    def __init__(self, setting: Setting, inputs: Inputs, schedule: str) -> None:
        """``schedule`` is the name of reportgen's schedule."""
        self._rule = MappedRule(lambda *_: _GradientRule(schedule), setting, inputs)
        self._rule.init()

    def at(self, point: Point) -> tuple[Tensor, Tensor]:
        """Return the gradients [runs, dim] and the learning rates, float64 [runs]."""
        gradient, (rate,) = self._rule.step(point, [tf.zeros(point.x.shape[:1], tf.float64)])
        return gradient, rate


def rows_at(order: Tensor | None, inputs: Inputs, step: Tensor) -> Tensor | None:
    """The samples of each run's minibatch at a step, int32 [runs, batch_size]; None without minibatches."""
    return None if order is None else Minibatches(order, inputs.seed).at(step)
