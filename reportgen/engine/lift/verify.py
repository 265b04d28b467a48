"""Holds the compiled steps of a foreign optimizer against its own, one by one, before any result is taken from them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.inputs import RunInputs
from reportgen.engine.lift import eager
from reportgen.engine.lift.stepped import stepped
from reportgen.engine.result import Array
from reportgen.engine.rule import BindRule
from reportgen.engine.schedule import share
from reportgen.foreign import ClassOptimizer, ForeignOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program

SECONDS = 1.0
"""Time for the eager steps of one run: some hundreds to some thousands."""
ELEMENTS = 1_000_000
"""Coordinates kept of each run."""

POISONED = 16
"""Runs of the batch in which the first are watched and the others are not finite."""

Kind = type[ForeignOptimizer]


def difference(program: Program, kind: Kind, loss: Loss, some: RunInputs, bind: BindRule, *, alone: bool) -> str:
    """Where the compiled steps of some runs are others than the optimizer's own, in words; nothing if nowhere.

    The runs, told by their inputs, are the first of the program and perhaps the last.

    In a batch all other runs are not finite: what mixes with them is seen at once. The optimizer's own object is given
    the positions and gradients of the compiled run, so that only a step can differ, and no loss makes much of a little.

    Raises whatever the compiled steps, or those of the object, raise.
    """
    settings = program.settings
    steps = min(settings.steps, max(ELEMENTS // some.x0.shape[1], 2))
    given = some if alone else _poisoned(some)
    positions, gradients = stepped(loss, bind, given, steps, settings.steps, settings.seed)
    ends = (program.cells[0], program.cells[-1])
    for run, cell in enumerate(ends[: len(some.x0)]):
        apply = _own(kind, cell.hyperparameters, cell.learning_rate, positions[0, run], settings.dtype)
        rates = _rates(str(cell.hyperparameters["schedule"]), cell.learning_rate, steps, settings.steps)
        found = _compare(positions[:, run], gradients[:, run], rates, apply)
        if found:
            return found if alone or np.isfinite(positions[1, run]).all() else "one run's step depends on another's"
    return ""


def _poisoned(some: RunInputs) -> RunInputs:
    """The runs, with others beside them that are not finite from the start on."""
    runs = len(some.x0)
    filled = some.take(np.r_[np.arange(runs), np.zeros(POISONED - runs, int)])
    return replace(filled, x0=np.where(np.arange(POISONED)[:, np.newaxis] < runs, filled.x0, np.nan))


def _own(kind: Kind, values: Mapping[str, Any], rate: float, start: Array, dtype: str) -> eager.Apply:
    if issubclass(kind, ClassOptimizer):
        return eager.of_class(kind, values, rate, start)
    from reportgen.engine.lift.keras import eagerly

    return eagerly(kind, values, dtype, start)


def _rates(schedule: str, rate: float, steps: int, total: int) -> list[float]:
    """The learning rate of each of the first ``steps`` steps of a run of ``total``."""
    if schedule == "constant":
        return [rate] * steps
    number = tf.range(1, steps + 1, dtype=tf.float64)
    rates: list[float] = (rate * share(schedule, number, total)).numpy().tolist()
    return rates


def _compare(positions: Array, gradients: Array, rates: list[float], apply: eager.Apply) -> str:
    """Where a step of ``apply`` leads elsewhere than the compiled one, [steps + 1, dim], in words.

    Steps are compared to half of the digits: operations may be rounded in another order, while what was not carried
    shows in the first.
    """
    epsilon = np.finfo(positions.dtype).eps
    end = time.perf_counter() + SECONDS
    for step, rate in enumerate(rates):
        x, gradient = positions[step], gradients[step]
        if time.perf_counter() > end or not (np.isfinite(x).all() and np.isfinite(gradient).all()):
            break
        wanted, found = apply(x, gradient, rate).astype(np.float64), positions[step + 1].astype(np.float64)
        if not np.isfinite(wanted).all():
            return "" if not np.isfinite(found).all() else _said(step, found, wanted)
        allowed = np.sqrt(epsilon) * np.abs(wanted - x).max() + 16 * epsilon * np.abs(wanted).max()
        if not np.abs(found - wanted).max() <= allowed:
            return _said(step, found, wanted)
    return ""


def _said(step: int, found: Array, wanted: Array) -> str:
    """The first coordinate that differs most, with as many digits as tell the two apart."""
    index = int(np.nanargmax(np.where(np.isfinite(found), np.abs(found - wanted), np.inf)))
    digits = next((n for n in range(4, 17) if f"{found[index]:.{n}g}" != f"{wanted[index]:.{n}g}"), 17)
    return f"step {step + 1} leads to x[{index}] = {found[index]:.{digits}g}, and not to {wanted[index]:.{digits}g}"
