"""One run of another framework's optimizer inside the compiled loop: its own object is traced, on its own variables."""

from __future__ import annotations

import tensorflow as tf

from reportgen.engine.foreign.errors import NotCompilable
from reportgen.engine.foreign.first_steps import FirstSteps
from reportgen.engine.foreign.gradients import Gradients
from reportgen.engine.foreign.state import OwnObject, attributes, changing, text
from reportgen.engine.number import Number
from reportgen.engine.problem import Point, Setting
from reportgen.engine.rule import Inputs
from reportgen.tensor import Tensor


class CompiledRule:
    """The rule of one run. Its state before the second step comes from an object that made the first one."""

    evaluations = 1

    def __init__(self, steps: FirstSteps, own: OwnObject, schedule: str, setting: Setting, inputs: Inputs) -> None:
        """Bind the rule to a run.

        Args:
            steps: made the first step.
            own: an object that has made steps; it is traced.
            schedule: reportgen's schedule.
            setting: what all runs share.
            inputs: those of one run, with its state after the first step.
        """
        self._steps = steps
        self._own = own
        self._gradients = Gradients(setting, inputs, schedule)
        self._first_x, *self._state = inputs.state

    def init(self) -> list[Tensor]:
        """Return the state after the first step."""
        return list(self._state)

    def step(self, points: Point, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Call the optimizer once; the first step is known already."""
        gradient, rate = self._gradients.at(points)
        x, new = self._called(points.x[0], gradient[0], rate[0], [leaf[0] for leaf in state])
        first = points.step == 1
        leaves = [tf.where(first, old, leaf[tf.newaxis]) for old, leaf in zip(state, new, strict=True)]
        return tf.where(first, self._first_x, x[tf.newaxis]), leaves

    def _called(self, x: Tensor, gradient: Tensor, rate: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        layout, own = self._steps.layout, self._own
        like = x[0] * 0
        layout.write(own, state, like)
        created, before = len(own.variables), attributes(own.optimizer)
        new_x = self._steps.applier.apply(own, x, gradient, Number(rate, like))
        missed = [path for path in changing([before, attributes(own.optimizer)]) if path not in layout.attributes]
        if missed or len(own.variables) != created:
            what = f"attribute {text(missed[0])} changes" if missed else "a variable is created"
            raise NotCompilable(f"{what} in a later step, but not in the first three")
        new = layout.read(own)
        for old, value in zip(state, new, strict=True):
            if value.shape != old.shape or value.dtype != old.dtype:
                raise NotCompilable(f"a part of its state changes from {_kind(old)} to {_kind(value)}")
        return new_x, new


def _kind(value: Tensor) -> str:
    return f"shape {value.shape} and dtype {value.dtype.name}"
