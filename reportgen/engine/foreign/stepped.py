"""The first steps of a rule, compiled like the loop of a program, with every position and gradient of every run."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.compiled import tensors
from reportgen.engine.evaluation import map_runs, value_and_gradient
from reportgen.engine.inputs import RunInputs
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array
from reportgen.engine.rule import BindRule, Inputs
from reportgen.loss import Loss


def stepped(loss: Loss, bind: BindRule, inputs: RunInputs, steps: int, total: int, seed: int) -> tuple[Array, Array]:
    """Return positions and gradients before each of the ``steps`` steps and after the last, [steps + 1, runs, dim].

    ``total`` is the length of the run, on which a schedule depends.
    """

    @tf.function(jit_compile=True, autograph=False)
    def run(inputs: Inputs) -> Any:
        # Without noise: the optimizer's own object is given the same gradients.
        rule = bind(Setting(loss, total, None), inputs)
        evaluate = partial(map_runs, partial(value_and_gradient, loss))
        x0 = inputs.x0
        history = [tf.TensorArray(x0.dtype, steps + 1, element_shape=x0.shape) for _ in range(2)]

        def step(number: Any, x: Any, xs: Any, gradients: Any, *state: Any) -> Any:
            value, gradient = evaluate(x)
            new_x, new_state = rule.step(Point(x, value, gradient, number, inputs.key, None), list(state))
            return number + 1, new_x, xs.write(number - 1, x), gradients.write(number - 1, gradient), *new_state

        begin = (tf.constant(1), x0, *history, *rule.init())
        _, x, xs, gradients, *_ = tf.while_loop(lambda number, *_: number <= steps, step, begin)
        return xs.write(steps, x).stack(), gradients.write(steps, evaluate(x)[1]).stack()

    positions, gradients = (np.asarray(tensor) for tensor in run(tensors(inputs, seed)))
    return positions, gradients
