"""Compares the steps of two optimizers, of any frameworks, from the same positions and gradients."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine.compiled import tensors
from reportgen.engine.foreign.first_steps import gradient_function
from reportgen.engine.foreign.host_loop import Stepper
from reportgen.engine.foreign.rule_steps import RuleSteps
from reportgen.engine.foreign.source import stepper_of
from reportgen.engine.inputs import ProgramInputs
from reportgen.engine.result import Array, Parting, StepComparison
from reportgen.foreign import ForeignOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program


def compare_steps(one: Program, other: Program, steps: int, ulps: float) -> StepComparison:
    """Compare the steps of all runs of two programs with the same loss, learning rates and starts.

    After each step both go on from the position of the first, so that a difference does not hide later ones.

    Args:
        one: the program of the first optimizer.
        other: the program of the second.
        steps: their number; at most those of the programs.
        ulps: positions are equal if they differ by at most this many ulps of the largest coordinate.

    Raises:
        Exception: whatever the optimizers raise.
    """
    loss = one.load_loss()
    inputs = ProgramInputs(one)(np.arange(one.runs))
    both = [_OneSide(program, loss) for program in (one, other)]
    x, largest, differing, first = inputs.x0, 0.0, 0, None
    for step in range(1, steps + 1):
        ends = [side.step(x, step) for side in both]
        apart = _ulps_apart(x, *ends)
        largest = max(largest, float(apart.max(initial=0.0)))
        different = apart.max(axis=1) > ulps
        differing += int(different.sum())
        if first is None and different.any():
            run = int(np.argmax(different))
            place = int(np.argmax(apart[run]))
            first = Parting(
                step=step,
                learning_rate=float(inputs.learning_rate[run]),
                start=int(inputs.start[run]),
                coordinate=place,
                one=float(ends[0][run, place]),
                other=float(ends[1][run, place]),
                ulps=float(apart[run, place]),
            )
        x = ends[0]
    return StepComparison(steps, one.runs, largest, differing, first)


class _OneSide:
    """One of the two optimizers, with the gradients and learning rates that it is given."""

    def __init__(self, program: Program, loss: Loss) -> None:
        kind = catalogue.find_optimizer(program.family, program.base)
        values = program.cells[0].hyperparameters
        inputs = ProgramInputs(program)(np.arange(program.runs))
        self._given = tensors(inputs, program.settings.seed)
        self._gradients = gradient_function(program, loss, str(values["schedule"]))
        self._stepper: Stepper = RuleSteps(program, loss)
        if issubclass(kind, ForeignOptimizer):
            self._stepper = stepper_of(program, kind, loss)
        self._stepper.start(inputs)

    def step(self, x: Array, number: int) -> Array:
        gradient, rate = self._gradients(self._given, tf.constant(x), tf.constant(number))
        return self._stepper.step(x, gradient.numpy(), rate.numpy())


def _ulps_apart(x: Array, one: Array, other: Array) -> Array:
    """How many ulps of the largest coordinate of each run the coordinates are apart, float [runs, dim].

    Runs that are not finite any more do not count.
    """
    finite = np.logical_and(np.isfinite(x), np.isfinite(one) | np.isfinite(other)).all(axis=1, keepdims=True)
    scale = np.spacing(np.maximum(np.abs(x), np.where(np.isfinite(one), np.abs(one), 0)).max(axis=1, keepdims=True))
    with np.errstate(invalid="ignore"):
        apart = np.abs(one.astype(float) - other) / scale
    return np.where(finite, np.where(np.isnan(apart), np.inf, apart), 0.0)
