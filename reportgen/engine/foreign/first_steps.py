"""The first step of each run, made by a new object of the optimizer: it creates the state of a compiled loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.compiled import tensors
from reportgen.engine.evaluation import map_runs, value_and_gradient
from reportgen.engine.foreign.errors import NotCompilable
from reportgen.engine.foreign.gradients import Gradients, rows_at
from reportgen.engine.foreign.objects import Framework
from reportgen.engine.foreign.state import Layout, OwnObject, Path, attributes, changing
from reportgen.engine.inputs import ProgramInputs, RunInputs
from reportgen.engine.minibatch import order_of
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array
from reportgen.engine.rule import Inputs
from reportgen.loss import Loss
from reportgen.plan import Program
from reportgen.tensor import Tensor

GradientAt = Callable[[Inputs, Tensor, Tensor], tuple[Tensor, Tensor]]
"""From inputs, positions [runs, dim] and the number of a step to gradients [runs, dim] and rates, float64 [runs]."""


def gradient_function(program: Program, loss: Loss, schedule: str) -> GradientAt:
    """Return a compiled function that gives a program's runs the gradients of a step, with the noise of the program."""
    order = order_of(program, loss.samples)
    setting = Setting(loss, program.settings.steps, program.noise)

    @tf.function(jit_compile=True, autograph=False)
    def at(inputs: Inputs, x: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = map_runs(partial(value_and_gradient, loss), x)
        rows = rows_at(None if order is None else tf.constant(order), inputs, step)
        point = Point(x, value, gradient, step, inputs.key, rows)
        return Gradients(setting, inputs, schedule).at(point)

    return at  # type: ignore[no-any-return]


class Applier:
    """Makes objects of an optimizer and calls them."""

    def __init__(self, framework: Framework, schedule: str) -> None:
        """``schedule`` is the name of reportgen's schedule."""
        self._framework = framework
        self.schedule = schedule

    def new(self, run: RunInputs) -> OwnObject:
        """Return a new object for one run, with its learning rate and hyperparameters."""
        numbers = {name: float(np.ravel(value)[0]) for name, value in run.hyperparameters.items()}
        own = OwnObject(None)
        with own.creating():
            own.optimizer = self._framework.make(float(run.learning_rate[0]), numbers)
        return own

    def apply(self, own: OwnObject, x: Tensor, gradient: Tensor, rate: Any) -> Tensor:
        """Call an object once at ``x`` [dim]; return the new position."""
        framework = self._framework
        for variable, part in zip(framework.position, framework.split(x), strict=True):
            variable.assign(part)
        if self.schedule != "constant":
            framework.set_rate(own.optimizer, rate)
        try:
            with own.creating():
                framework.apply(own.optimizer, framework.split(gradient))
        except tf.errors.InvalidArgumentError as error:
            if re.search(r"expected to be a \w+ tensor but is a \w+ tensor", str(error)):
                raise TypeError(
                    f"its state has another dtype than the runs, which have {x.dtype.name}: create its variables with "
                    "the dtype of the position, such as tf.zeros_like(var), or set dtype in the config"
                ).with_traceback(error.__traceback__) from None
            raise
        return framework.joined()


class FirstSteps:
    """Makes the inputs of runs, with the state after their first step."""

    def __init__(self, program: Program, applier: Applier, gradient_at: GradientAt) -> None:
        """Find the layout of the state.

        Raises:
            NotCompilable: the state cannot be carried through a compiled loop.
        """
        self._program = program
        self._inputs = ProgramInputs(program)
        self.applier = applier
        self._gradient_at = gradient_at
        self.layout = self._find_layout()

    def __call__(self, runs: Array) -> RunInputs:
        """Return the inputs of runs, int64 [runs] with their run numbers."""
        inputs = self._inputs(runs)
        states = [self._after_first_step(inputs.take(np.array([i]))) for i in range(len(runs))]
        shapes = [[value.shape for value in state] for state in states]
        if any(shape != shapes[0] for shape in shapes):
            raise NotCompilable("its state has other shapes in other runs")
        return replace(inputs, state=tuple(np.stack(values) for values in zip(*states, strict=True)))

    def most_shown(self, size: int) -> int:
        """Return how many of ``size`` consecutive runs are shown at most."""
        return self._inputs.most_shown(size)

    def new_object(self, run: RunInputs) -> tuple[OwnObject, Tensor]:
        """Return a new object for one run, and its position after the first step, [dim]."""
        own = self.applier.new(run)
        return own, self._step(own, tf.constant(run.x0[0]), run, 1)

    def _step(self, own: OwnObject, x: Tensor, run: RunInputs, number: int) -> Tensor:
        """Make one step of a run with its own object; return the new position, [dim]."""
        inputs = tensors(run, self._program.settings.seed)
        gradient, rate = self._gradient_at(inputs, x[tf.newaxis], tf.constant(number))
        return self.applier.apply(own, x, gradient[0], float(rate[0]))

    def _after_first_step(self, run: RunInputs) -> list[Array]:
        own, x = self.new_object(run)
        return [x.numpy(), *(np.asarray(value) for value in self.layout.read(own))]

    def _find_layout(self) -> Layout:
        """What changes in three steps of the first run, or differs between configurations."""
        each = self._program.runs // len(self._program.cells)
        firsts = [self._inputs(np.array([each * cell])) for cell in range(len(self._program.cells))]
        own, x = self.new_object(firsts[0])
        states = [attributes(own.optimizer)]
        others = [self.new_object(first)[0] for first in firsts[1:]]
        if any(len(other.variables) != len(own.variables) for other in others):
            raise NotCompilable("it creates another number of variables in other configurations")
        between = changing([_without_texts(attributes(each.optimizer)) for each in (own, *others)])
        for number in (2, 3):
            x = self._step(own, x, firsts[0], number)
            states.append(attributes(own.optimizer))
        return Layout(tuple(dict.fromkeys([*changing(states), *between])))


def _without_texts(state: Mapping[Path, Any]) -> dict[Path, Any]:
    """A title may contain the learning rate, which changes no step."""
    return {path: value for path, value in state.items() if not isinstance(value, str)}
