"""Run a foreign optimizer: in a batch where that is found to be the same as running it one by one, else one by one."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.engine.feed import VECTOR, Ran, chosen, one_after_another, run_loop, tile_size
from reportgen.engine.lift import eager, verify
from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.rule import LiftedRule
from reportgen.engine.lift.views import BatchView, PlainView
from reportgen.engine.result import Array
from reportgen.foreign import ClassOptimizer, ForeignOptimizer
from reportgen.loss import Loss
from reportgen.matrix import Program

Inputs = Mapping[str, Any]
Kind = type[ForeignOptimizer]
Maker = Callable[[dict[str, Any], Any], Any]


def run_foreign(
    program: Program,
    kind: Kind,
    loss: Loss,
    inputs: Inputs,
    schedule: Array,
    on_compiled: Callable[[], None],
) -> tuple[Ran, str]:
    """What its loop gave, and a note on how it was run where that was one by one.

    Raises what the optimizer itself raises; Unliftable where the compiled loop cannot take the steps that it takes by
    itself.
    """
    values = program.cells[0].hyperparameters
    if issubclass(kind, ClassOptimizer) and values["schedule"] != "constant":
        start = inputs["x0"][:, 0]
        eager.require_effect(kind, values, start, np.ones_like(start))
    reason = _not_in_a_batch(program, kind, loss, inputs)
    if not reason:
        make = _batch_maker(kind, program, tile_size(program.runs))
        return run_loop(program, loss, make, inputs, schedule, on_compiled=on_compiled), ""
    cells = _cells(program, inputs)
    try:
        for own, some in (cells[0], cells[-1]):
            _require_own_steps(own, kind, loss, some)
        ran = [
            run_loop(own, loss, _alone_maker(kind, own), some, schedule, alone=True, on_compiled=on_compiled)
            for own, some in cells
        ]
    except Exception as error:
        raise _readable(error) from error
    return one_after_another(ran), f"run one by one, because {reason}"


def _not_in_a_batch(program: Program, kind: Kind, loss: Loss, inputs: Inputs) -> str:
    """Why its runs cannot be run in one batch; nothing if they can."""
    try:
        make = _batch_maker(kind, program, VECTOR)
        ends = sorted({0, program.runs - 1})
        found = verify.difference(program, kind, loss, inputs, make, ends, alone=False)
    except Exception as error:  # whatever does not work in a batch is tried one by one
        return f"in a batch it fails ({_sentence(error, kind)})"
    return f"in a batch it takes other steps ({found})" if found else ""


def _require_own_steps(program: Program, kind: Kind, loss: Loss, inputs: Inputs) -> None:
    found = verify.difference(program, kind, loss, inputs, _alone_maker(kind, program), [0], alone=True)
    if found:
        raise Unliftable(
            f"the compiled loop takes other steps than {kind.title} by itself ({found}): it remembers something that "
            "was not found, as in a closure, a default argument or an object of another module, or it is not "
            "reproducible. Keep what it remembers in its attributes, as numbers and tensors"
        )


def _batch_maker(kind: Kind, program: Program, batch: int) -> Maker:
    """Makes the rule for a batch; its numbers are the batch's."""
    values = program.cells[0].hyperparameters
    if issubclass(kind, ClassOptimizer):
        return lambda numeric, rates: LiftedRule(kind, {**values, **numeric}, rates, BatchView())
    return _keras_maker(kind, program, (len(program.starts[0][1]), batch))


def _alone_maker(kind: Kind, program: Program) -> Maker:
    """Makes the rule for the only cell of a program; its numbers are Python's."""
    cell = program.cells[0]
    if issubclass(kind, ClassOptimizer):
        return lambda _, __: LiftedRule(kind, cell.hyperparameters, cell.learning_rate, PlainView())
    return _keras_maker(kind, program, (len(program.starts[0][1]),))


def _keras_maker(kind: Kind, program: Program, shape: tuple[int, ...]) -> Maker:
    from reportgen.engine.lift.keras import KerasRule  # imports Keras

    rule = KerasRule(kind, program.cells[0].hyperparameters, program.settings.dtype, shape)
    return lambda _, __: rule


def _cells(program: Program, inputs: Inputs) -> list[tuple[Program, dict[str, Any]]]:
    """Each cell as a program of its own, with its inputs."""
    starts = program.runs // len(program.cells)
    return [
        (
            replace(program, cells=(cell,)),
            chosen(inputs, np.arange(index * starts, (index + 1) * starts)) | {"hyperparameters": {}},
        )
        for index, cell in enumerate(program.cells)
    ]


def _sentence(error: Exception, kind: Kind) -> str:
    """What was raised, cut where it is long, and the line of the class that it comes from."""
    text = " ".join(str(_readable(error)).split())
    text = text if len(text) <= 200 else f"{text[:197]}..."
    frames = traceback.extract_tb(error.__traceback__)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    own = [frame for frame in frames if frame.filename == file]
    return f"{text}; {Path(own[-1].filename).name}:{own[-1].lineno}" if own else text


def _readable(error: Exception) -> Exception:
    """The error, or a sentence in place of the compiler's list of what it cannot compile."""
    operations = sorted(set(re.findall(r"No registered '(\w+)' OpKernel", str(error))))
    if not operations:
        return error
    return Unliftable(
        f"it uses {', '.join(operations)} of TensorFlow, which cannot be compiled: what prints, reads or writes has no "
        "place in a step"
    ).with_traceback(error.__traceback__)
