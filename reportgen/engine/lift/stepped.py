"""The first steps of a rule, compiled like the program's loop, with every position and gradient of every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.batch import Scalar
from reportgen.engine.problem import BatchProblem, Setting, value_and_gradient
from reportgen.engine.random import key_of
from reportgen.engine.result import Array
from reportgen.engine.state import carried, same_structure
from reportgen.loss import Loss


def stepped(
    loss: Loss,
    make: Callable[[dict[str, Any], Any], Any],
    inputs: Mapping[str, Any],
    steps: int,
    total: int,
    seed: int,
) -> tuple[Array, Array]:
    """Positions and gradients before each of the ``steps`` steps and after the last, each [steps + 1, dim, batch].

    ``total`` is the length of the run, on which a schedule depends.
    """

    @tf.function(jit_compile=True, autograph=False)
    def run(x0: Any, rates: Any, starts: Any, seeds: Any, numeric: Any) -> Any:
        with batch.batch_of(x0):
            rate = Scalar(rates, weak=True)
            rule = make({name: Scalar(value, weak=True) for name, value in numeric.items()}, rate)
            # Without noise: the optimizer's own object is given the same gradients.
            setting = Setting(loss, total, rule.schedule, rate, key_of(seed, starts, seeds), None)
            x = batch.vector(x0)
            history = [tf.TensorArray(x0.dtype, steps + 1, element_shape=x0.shape) for _ in range(2)]

            def step(number: Any, x: Any, state: Any, xs: Any, gradients: Any) -> Any:
                at_x = value_and_gradient(loss, x)
                new_x, new_state = rule.step(x, state, BatchProblem(setting, number, x, at_x))
                written = xs.write(number - 1, batch.rows(x)), gradients.write(number - 1, batch.rows(at_x[1]))
                return number + 1, new_x, same_structure(state, new_state, x), *written

            begin = (tf.constant(1), x, carried(rule.init(x), x), *history)
            _, x, _, xs, gradients = tf.while_loop(lambda number, *_: number <= steps, step, begin)
            last = value_and_gradient(loss, x)[1]
            return xs.write(steps, batch.rows(x)).stack(), gradients.write(steps, batch.rows(last)).stack()

    numeric = {name: tf.constant(value, tf.float64) for name, value in inputs["hyperparameters"].items()}
    given = (tf.constant(inputs[name]) for name in ("x0", "learning_rate", "start", "seed"))
    positions, gradients = (np.asarray(tensor) for tensor in run(*given, numeric))
    return positions, gradients
