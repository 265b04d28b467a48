"""What a rule is given at each step of one run: the loss, its derivatives, its learning rate and random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from reportgen.config.model import Noise
from reportgen.engine import evaluation
from reportgen.engine.number import Number
from reportgen.engine.random import RunRandom
from reportgen.engine.schedule import share
from reportgen.loss import Loss
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class Setting:
    """What is the same for all runs of a loop at all steps."""

    loss: Loss
    steps: int
    """Steps of each run."""
    noise: Noise | None
    """None: the gradient is exact."""


@dataclass(frozen=True)
class Point:
    """The position of one run before a step, with all that the step may depend on."""

    x: Tensor
    """[dim]"""
    value: Tensor
    """The loss at ``x``, []."""
    gradient: Tensor
    """Its gradient at ``x``, [dim]."""
    step: Tensor
    """The number of the step, from 1, int32 []."""
    key: tuple[Tensor, Tensor]
    """The key of the run's random numbers, two uint32 []."""
    rows: Tensor | None
    """The samples of its minibatch, int32 [batch_size]; None: all samples."""


class RunProblem:
    """The ``Problem`` of one step of one run. It counts the gradient evaluations that the rule asks for."""

    def __init__(
        self, setting: Setting, point: Point, rate: Number, schedule: str, earlier: Tensor | None = None
    ) -> None:
        """Describe the step.

        Args:
            setting: what all runs share.
            point: the run before the step.
            rate: its highest learning rate.
            schedule: how the learning rate changes.
            earlier: gradients of this step that were evaluated before, int32 []; None: none.
        """
        number = tf.cast(point.step, tf.float64)
        self.step = Number(number, rate.like, shared=True)
        self.steps = setting.steps
        self.learning_rate = rate
        if schedule != "constant":
            self.learning_rate = rate * Number(share(schedule, number, setting.steps), rate.like, shared=True)
        self.random = RunRandom(point.key, point.step, point.x)
        self.evaluations = 0
        self.uses_loss = False
        """Whether the rule asked for more of the loss than its value and gradient at the current position."""
        self._setting = setting
        self._point = point
        self._noise_source = RunRandom(point.key, point.step, point.x, stream=1, earlier=earlier)
        self._graph = tf.compat.v1.get_default_graph()

    @property
    def minimum(self) -> float:
        """The minimum value of the loss."""
        return self._loss.minimum

    @property
    def _loss(self) -> Loss:
        self.uses_loss = True
        return self._setting.loss

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and gradient at ``x``; at the current position they are known already, but count all the same."""
        self._count(1)
        if x is self._point.x and self._point.rows is None:
            value, gradient = self._point.value, self._point.gradient
        else:
            value, gradient = evaluation.value_and_gradient(self._loss, x, self._point.rows)
        return value, self._with_noise(gradient)

    def _with_noise(self, gradient: Tensor) -> Tensor:
        noise = self._setting.noise
        if not noise or self._point.rows is not None:
            return gradient
        draw = self._noise_source.normal()
        if noise.gradient_std is not None:
            return gradient + noise.gradient_std * draw
        mean_square = tf.reduce_sum(gradient * gradient) / gradient.shape[0]
        return gradient + noise.relative * tf.sqrt(mean_square) * draw

    def hessian(self, x: Tensor) -> Tensor:
        """Return the Hessian at ``x``, counted as one gradient evaluation per coordinate."""
        self._count(x.shape[0])
        return evaluation.hessian(self._loss, x, self._point.rows)

    def hessian_vector_product(self, x: Tensor, vector: Tensor) -> Tensor:
        """Return the Hessian at ``x`` times ``vector``, counted as one gradient evaluation."""
        self._count(1)
        return evaluation.hessian_vector_product(self._loss, x, vector, self._point.rows)

    def _count(self, evaluations: int) -> None:
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise TypeError(
                "problem.value_and_gradient was called inside tf.cond or tf.while_loop, where its calls cannot be "
                "counted: call it from step itself and choose with tf.where"
            )
        self.evaluations += evaluations
