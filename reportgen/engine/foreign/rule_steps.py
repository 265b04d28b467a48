"""Steps of reportgen's own optimizers, one call per step, for comparison with those of others."""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorflow as tf

from reportgen import catalogue
from reportgen.engine.compiled import tensors
from reportgen.engine.evaluation import map_runs, value_and_gradient
from reportgen.engine.inputs import RunInputs, optimizer_maker
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array
from reportgen.engine.rule import Inputs, MappedRule
from reportgen.loss import Loss
from reportgen.plan import Program
from reportgen.tensor import Tensor


class RuleSteps:
    """Makes the steps of all runs. The rule evaluates the loss itself, without noise."""

    def __init__(self, program: Program, loss: Loss) -> None:
        """Compile nothing yet."""
        self._seed = program.settings.seed
        make = optimizer_maker(catalogue.find_optimizer(program.family, program.base), program)
        setting = Setting(loss, program.settings.steps, None)

        def rule(inputs: Inputs) -> tuple[MappedRule, list[Tensor]]:
            bound = MappedRule(make, setting, inputs)
            return bound, bound.init()

        @tf.function(jit_compile=True, autograph=False)
        def step(inputs: Inputs, x: Tensor, number: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
            value, gradient = map_runs(partial(value_and_gradient, loss), x)
            return rule(inputs)[0].step(Point(x, value, gradient, number, inputs.key, None), state)

        self._init = tf.function(lambda inputs: rule(inputs)[1], jit_compile=True, autograph=False)
        self._step = step

    counted = None
    evaluations = None

    def start(self, inputs: RunInputs) -> None:
        """Make the state of each run."""
        self._inputs = tensors(inputs, self._seed)
        self._state: Any = self._init(self._inputs)
        self._number = 0

    def step(self, x: Array, _: Array, __: Array) -> Array:
        """Step all runs; see ``Stepper.step``."""
        self._number += 1
        new, self._state = self._step(self._inputs, tf.constant(x), tf.constant(self._number), self._state)
        positions: Array = new.numpy()
        return positions
