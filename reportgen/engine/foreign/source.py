"""Runs an optimizer of another framework: compiled if that is verified, otherwise step by step by its own objects."""

from __future__ import annotations

import re
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from reportgen.engine.compiled import Member
from reportgen.engine.foreign.compiled_rule import CompiledRule
from reportgen.engine.foreign.eager_steps import EagerSteps
from reportgen.engine.foreign.first_steps import Applier, FirstSteps, gradient_function
from reportgen.engine.foreign.host_loop import HostLoop, Stepper
from reportgen.engine.foreign.objects import Shapes, framework_of
from reportgen.engine.foreign.verification import verify
from reportgen.engine.foreign.verified_steps import verified_once
from reportgen.engine.inputs import ProgramInputs
from reportgen.engine.sources import OwnLoop, Source
from reportgen.foreign import ForeignOptimizer, OptaxOptimizer, TorchOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program

if TYPE_CHECKING:
    from reportgen.engine.run import LossSetup

Kind = type[ForeignOptimizer]

_verifying = threading.Lock()
"""Held while an optimizer is verified: that is Python, which gains nothing from a second thread."""


def foreign_source(
    program: Program, kind: Kind, setup: LossSetup, on_compiled: Callable[[], None]
) -> tuple[Source, str]:
    """Return what runs the runs of a program, and a note on how it does.

    Raises:
        Exception: whatever the optimizer raises when it is made.
    """
    values = program.cells[0].hyperparameters
    if issubclass(kind, TorchOptimizer):
        _forget_triton()
        from reportgen.engine.foreign.torch_source import torch_source

        return torch_source(lambda stepper: _host_loop(program, setup, stepper, on_compiled), program, kind, setup.loss)
    if issubclass(kind, OptaxOptimizer):
        return _host_loop(program, setup, stepper_of(program, kind, setup.loss), on_compiled), ""
    applier = _applier(program, kind, setup.loss)
    if values["schedule"] != "constant":
        _require_effect(applier, program, kind)
    try:
        with _verifying:
            return _compiled(program, setup, applier, on_compiled)
    except Exception as error:  # whatever cannot be compiled may still run; if it cannot run, it fails again there
        reason = _sentence(error, kind)
    loop = _host_loop(program, setup, EagerSteps(applier), on_compiled)
    note = f"{kind.title} itself made these steps, uncompiled, because reportgen could not compile them: {reason}"
    return loop, f"{note.rstrip('.')}."


def stepper_of(program: Program, kind: Kind, loss: Loss) -> Stepper:
    """Return what makes the steps of a program's runs by the optimizer's own objects."""
    if issubclass(kind, TorchOptimizer):
        _forget_triton()
        from reportgen.engine.foreign.torch_source import torch_stepper

        return torch_stepper(program, kind, loss)
    if issubclass(kind, OptaxOptimizer):
        from reportgen.engine.foreign.optax_steps import OptaxSteps

        return OptaxSteps(kind, program.cells[0].hyperparameters, loss.shapes)
    return EagerSteps(_applier(program, kind, loss))


def _shapes(loss: Loss) -> Shapes:
    return list(loss.shapes.values())


def _forget_triton() -> None:
    """PyTorch imports Triton for compiling, which nobody asks for here; it crashes after TensorFlow was imported."""
    sys.modules.setdefault("triton", None)  # type: ignore[arg-type]


def _applier(program: Program, kind: Kind, loss: Loss) -> Applier:
    values = program.cells[0].hyperparameters
    start = tf.constant(program.start_points[0], program.settings.dtype)
    return Applier(framework_of(kind, values, start, _shapes(loss)), str(values["schedule"]))


def _require_effect(applier: Applier, program: Program, kind: Kind) -> None:
    """TypeError if a schedule would change nothing, because the learning rate was used up when the object was made."""
    run = ProgramInputs(program)(np.zeros(1, int))
    x = tf.constant(run.x0[0])
    one, other = (applier.apply(applier.new(run), x, tf.ones_like(x), rate).numpy() for rate in (0.1, 0.05))
    if np.array_equal(one, other):
        raise TypeError(
            f"a schedule sets {kind.rate} before each step, but {kind.title} does not use it: use self.{kind.rate} in "
            "each step, and not only in __init__"
        )


def _host_loop(program: Program, setup: LossSetup, stepper: Stepper, on_compiled: Callable[[], None]) -> HostLoop:
    gap = setup.scale.gap if setup.scale else None
    return HostLoop(program, setup.loss, gap, setup.schedule, stepper, on_compiled)


def _compiled(
    program: Program, setup: LossSetup, applier: Applier, on_compiled: Callable[[], None]
) -> tuple[Source, str]:
    schedule = applier.schedule
    exact = replace(program, noise=None)
    steps = FirstSteps(exact, applier, gradient_function(exact, setup.loss, schedule))
    verified = verified_once(program, partial(verify, exact, setup.loss, steps))
    if program.noise:
        steps = FirstSteps(program, applier, gradient_function(program, setup.loss, schedule))
    traced, _ = steps.new_object(steps(np.zeros(1, int)))
    member = Member(program, partial(CompiledRule, steps, traced, schedule), steps, 1)
    note = (
        "TensorFlow compiled these steps and made those of one run at a time. As a test, the optimizer itself made the "
        f"first {verified:,} steps of one run, uncompiled. The compiled steps agree with them."
    )
    # One call at a time, because all runs use the same variables.
    return OwnLoop(member, setup.make_loop, on_compiled, threads=1), note


def _sentence(error: Exception, kind: Kind) -> str:
    """What was raised, cut if it is long, with the line of the class that it comes from."""
    text = " ".join(_readable(str(error)).split())
    text = text if len(text) <= 200 else f"{text[:197]}..."
    frames = traceback.extract_tb(error.__traceback__)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    own = [frame for frame in frames if frame.filename == file]
    return f"{text} ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else text


def _readable(text: str) -> str:
    """A sentence instead of the compiler's list of what it cannot compile."""
    operations = sorted(set(re.findall(r"No registered '(\w+)' OpKernel", text)))
    return f"{', '.join(operations)} of TensorFlow cannot be compiled" if operations else text
