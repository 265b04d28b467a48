"""Compares the compiled steps of one run with those of the optimizer's own object, one by one."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from reportgen.engine.foreign.compiled_rule import CompiledRule
from reportgen.engine.foreign.errors import NotCompilable
from reportgen.engine.foreign.first_steps import FirstSteps
from reportgen.engine.foreign.stepped import stepped
from reportgen.engine.foreign.verified_steps import verified_steps
from reportgen.engine.result import Array
from reportgen.engine.schedule import share
from reportgen.loss import Loss
from reportgen.plan import Program

COORDINATES = 1_000_000
"""The most coordinates of positions that are kept for it."""


def verify(program: Program, loss: Loss, steps: FirstSteps) -> int:
    """Compare the compiled steps of one run, with the smallest learning rate; return how many were compared.

    The optimizer's own object gets the positions and gradients of the compiled run. So each step is compared alone, and
    no loss amplifies a small difference.

    Args:
        program: without noise.
        loss: its loss.
        steps: made for this program.

    Raises:
        NotCompilable: a step differs, or the state cannot be carried.
        Exception: whatever the optimizer raises, and TensorFlow while it compiles.
    """
    settings, applier = program.settings, steps.applier
    schedule = applier.schedule
    cell = int(np.argmin([cell.learning_rate for cell in program.cells]))
    inputs = steps(np.array([cell * (program.runs // len(program.cells))]))
    traced, _ = steps.new_object(inputs)
    number: int = min(settings.steps, verified_steps(), max(COORDINATES // inputs.x0.shape[1], 2))
    bind = partial(CompiledRule, steps, traced, schedule)
    positions, gradients = stepped(loss, bind, inputs, number, settings.steps, settings.seed)
    rates = _rates(schedule, program.cells[cell].learning_rate, number, settings.steps)
    own = applier.new(inputs)
    for step, rate in enumerate(rates):
        x, gradient = positions[step, 0], gradients[step, 0]
        if not (np.isfinite(x).all() and np.isfinite(gradient).all()):
            return step
        wanted = applier.apply(own, tf.constant(x), tf.constant(gradient), rate).numpy()
        _require_same(step, x, positions[step + 1, 0], wanted)
    return number


def _rates(schedule: str, rate: float, steps: int, total: int) -> list[float]:
    """The learning rate of each of the first ``steps`` steps of a run of ``total``."""
    if schedule == "constant":
        return [rate] * steps
    number = tf.range(1, steps + 1, dtype=tf.float64)
    rates: list[float] = (rate * share(schedule, number, total)).numpy().tolist()
    return rates


def _require_same(step: int, x: Array, compiled: Array, wanted: Array) -> None:
    """NotCompilable if a step from ``x`` [dim] differs in the first half of its digits.

    Operations may be rounded in another order, while what is not carried from step to step changes the first digits.
    """
    epsilon = np.finfo(x.dtype).eps
    found, own = compiled.astype(float), wanted.astype(float)
    if not np.isfinite(own).all():
        same = not np.isfinite(found).all()
    else:
        allowed = np.sqrt(epsilon) * np.abs(own - x).max() + 16 * epsilon * np.abs(own).max()
        same = bool(np.abs(found - own).max() <= allowed)
    if not same:
        index = int(np.nanargmax(np.where(np.isfinite(found), np.abs(found - own), np.inf)))
        digits = next((n for n in range(4, 17) if f"{found[index]:.{n}g}" != f"{own[index]:.{n}g}"), 17)
        raise NotCompilable(
            f"step {step + 1} leads to x[{index}] = {found[index]:.{digits}g} if compiled, and to "
            f"{own[index]:.{digits}g} if not. It may remember something outside of its variables and attributes, or "
            "only after its first steps"
        )
