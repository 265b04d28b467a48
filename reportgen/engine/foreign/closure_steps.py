"""Steps of PyTorch optimizers that evaluate the loss themselves, such as L-BFGS: they are given a closure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import torch

from reportgen.engine.compiled import tensors
from reportgen.engine.evaluation import value_and_gradient
from reportgen.engine.foreign.objects import Shapes
from reportgen.engine.foreign.torch_steps import Rows, TorchSteps
from reportgen.engine.inputs import ProgramInputs, RunInputs
from reportgen.engine.minibatch import Minibatches, order_of
from reportgen.engine.number import Number
from reportgen.engine.problem import Point, RunProblem, Setting
from reportgen.engine.result import Array
from reportgen.foreign import TorchOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program
from reportgen.tensor import Tensor


class ClosureSteps(TorchSteps):
    """Makes the steps of all runs, each with an optimizer and closures of its own."""

    def __init__(
        self, kind: type[TorchOptimizer], values: Mapping[str, Any], shapes: Shapes, program: Program, loss: Loss
    ) -> None:
        """Compile nothing yet; the first arguments are those of ``TorchSteps``."""
        super().__init__(kind, values, shapes, together=False)
        self._seed = program.settings.seed
        self._evaluate = _evaluation(program, loss)

    def start(self, inputs: RunInputs) -> None:
        """Make parameters and optimizers."""
        runs = range(len(inputs.x0))
        given = (tensors(inputs.take(np.array([run])), self._seed) for run in runs)
        self._random = [(each.key[0][0], each.key[1][0], each.seed) for each in given]
        self._number = 0
        self.evaluations = np.zeros(len(runs), np.int64)
        super().start(inputs)

    def _step_optimizers(self, x: Array) -> None:
        self._number += 1
        # The optimizers of the watched runs follow those of all runs.
        all_runs = [*range(len(x)), *self._watched]
        evaluations = np.zeros(len(all_runs), np.int64)
        for index, run in enumerate(all_runs):
            if np.isfinite(x[run]).all():
                evaluations[index] = self._step_run(index, run)
        self.evaluations = evaluations[: len(x)]

    def _step_run(self, index: int, run: int) -> int:
        """Make a step of one run with one of the optimizers; return the evaluations."""
        runs = len(self._random)
        rows, row = (self._rows, run) if index < runs else (self._alone, index - runs)
        number, calls = tf.constant(self._number), 0

        def closure() -> torch.Tensor:
            nonlocal calls
            x = tf.constant(rows.x[row].numpy())
            value, slope = self._evaluate(*self._random[run], x, number, tf.constant(calls))
            calls += 1
            # A new tensor: an optimizer may keep the gradients of several calls.
            rows.set_gradient(row, slope.numpy())
            return torch.tensor(value.numpy())

        self._optimizers[index].step(closure)
        return calls


def _evaluation(program: Program, loss: Loss) -> Callable[..., tuple[Tensor, Tensor]]:
    """A compiled function that gives loss and gradient, [dim], of one run, with the noise of the program.

    Its arguments are the two words of the key and the seed [1] of the run, its position [dim], the number of the step,
    and how many evaluations of the step came before.
    """
    order = order_of(program, loss.samples)
    settings = program.settings
    setting = Setting(loss, settings.steps, program.noise)

    @tf.function(jit_compile=True, autograph=False)
    def evaluate(
        word_1: Tensor, word_2: Tensor, seed: Tensor, x: Tensor, step: Tensor, earlier: Tensor
    ) -> tuple[Tensor, Tensor]:
        rows = None if order is None else Minibatches(tf.constant(order), seed).at(step)[0]
        point = Point(x, *value_and_gradient(loss, x), step, (word_1, word_2), rows)
        # The learning rate is that of the optimizer, which asks for loss and gradient only.
        rate = Number(tf.constant(1.0, tf.float64), x[0] * 0)
        return RunProblem(setting, point, rate, "constant", earlier).value_and_gradient(x)

    words = [tf.TensorSpec([], tf.uint32)] * 2
    x, numbers = tf.TensorSpec([program.start_points.shape[1]], settings.dtype), [tf.TensorSpec([], tf.int32)] * 2
    # Finding the trace again for each call would take longer than the call.
    return evaluate.get_concrete_function(  # type: ignore[no-any-return]
        *words, tf.TensorSpec([1], tf.uint32), x, *numbers
    )


def needs_closure(steps: TorchSteps, program: Program) -> bool:
    """Whether ``step`` of the optimizer fails without a closure, but not with one; tried on the first start."""
    first = ProgramInputs(program)(np.zeros(1, int))
    return not _makes_step(steps, first, with_closure=False) and _makes_step(steps, first, with_closure=True)


def _makes_step(steps: TorchSteps, first: RunInputs, *, with_closure: bool) -> bool:
    rows = Rows(first.x0, steps.shapes)

    def closure() -> torch.Tensor:
        rows.set_gradient(0, rows.x[0].numpy().copy())
        return torch.sum(rows.x[0] ** 2) / 2

    try:
        optimizer = steps.optimizer(rows.parameters[0], float(first.learning_rate[0]))
        getattr(optimizer, "train", lambda: None)()
        closure()
        optimizer.step(*([closure] if with_closure else []))
    except Exception:  # whatever is wrong with it is raised again when it is run
        return False
    return True
