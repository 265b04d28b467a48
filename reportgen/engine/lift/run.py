"""Run a foreign optimizer: in a batch where that is found to be the same as running it one by one, else one by one."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.engine.feed import VECTOR, Feed, Ran, RunInputs, tile_size
from reportgen.engine.lift import eager, verify
from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.rule import LiftedRule
from reportgen.engine.lift.views import BatchView, PlainView
from reportgen.engine.result import Array
from reportgen.foreign import ClassOptimizer, ForeignOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program

Kind = type[ForeignOptimizer]
Maker = Callable[[dict[str, Any], Any], Any]


def feed_foreign(
    program: Program, kind: Kind, loss: Loss, schedule: Array, on_compiled: Callable[[], None]
) -> tuple[Feed | OneByOne, str]:
    """What its runs can be put through, and a note on how that runs them where it is one by one.

    Raises what the optimizer itself raises; Unliftable where the compiled loop cannot take the steps that it takes by
    itself.
    """
    values = program.cells[0].hyperparameters
    if issubclass(kind, ClassOptimizer) and values["schedule"] != "constant":
        start = np.array(program.starts[0][1], program.settings.dtype)
        eager.require_effect(kind, values, start, np.ones_like(start))
    reason = _not_in_a_batch(program, kind, loss)
    if not reason:
        make = _batch_maker(kind, program, tile_size(program))
        return Feed(program, loss, make, schedule, on_compiled=on_compiled), ""
    one_by_one = OneByOne(program, kind, loss, schedule, on_compiled)
    return one_by_one, f"run one by one, because {reason}"


class OneByOne:
    """Puts the runs of a program through loops of their own, one for each cell."""

    def __init__(
        self, program: Program, kind: Kind, loss: Loss, schedule: Array, on_compiled: Callable[[], None]
    ) -> None:
        self._each = program.runs // len(program.cells)
        cells = [replace(program, cells=(cell,)) for cell in program.cells]
        try:
            for own in (cells[0], cells[-1]):
                _require_own_steps(own, kind, loss)
            self._feeds = [
                Feed(own, loss, _alone_maker(kind, own), schedule, alone=True, on_compiled=on_compiled) for own in cells
            ]
        except Exception as error:
            raise _readable(error) from error

    @property
    def evaluations(self) -> int:
        """Gradient evaluations a step, once any run was put in."""
        return next(feed.evaluations for feed in self._feeds if feed.ran)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time of tracing, compiling with the first run of each cell, and running."""
        return {name: sum(feed.seconds[name] for feed in self._feeds) for name in self._feeds[0].seconds}

    def __call__(self, runs: Array) -> Iterator[Ran]:
        """What the loops give for some runs, told by their numbers, one at a time."""
        try:
            for run in runs:
                cell, own = divmod(int(run), self._each)
                (ran,) = self._feeds[cell](np.array([own]))
                yield ran._replace(runs=np.array([run]))
        except Exception as error:
            raise _readable(error) from error


def _not_in_a_batch(program: Program, kind: Kind, loss: Loss) -> str:
    """Why its runs cannot be run in one batch; nothing if they can."""
    try:
        make = _batch_maker(kind, program, VECTOR)
        ends = RunInputs(program)(np.array(sorted({0, program.runs - 1})))
        found = verify.difference(program, kind, loss, ends, make, alone=False)
    except Exception as error:  # whatever does not work in a batch is tried one by one
        return f"in a batch it fails ({_sentence(error, kind)})"
    return f"in a batch it takes other steps ({found})" if found else ""


def _require_own_steps(program: Program, kind: Kind, loss: Loss) -> None:
    first = RunInputs(program)(np.array([0])) | {"hyperparameters": {}}
    found = verify.difference(program, kind, loss, first, _alone_maker(kind, program), alone=True)
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
