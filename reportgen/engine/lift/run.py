"""Run a foreign optimizer: in a batch where that is found to be the same as running it one by one, else one by one."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from reportgen.engine.compiled import Chunk, Member, chunk_size
from reportgen.engine.inputs import ProgramInputs
from reportgen.engine.lift import eager, verify
from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.rule import LiftedRule
from reportgen.engine.result import Array
from reportgen.engine.rule import BindRule, MappedRule
from reportgen.engine.sources import MakeLoop, OwnLoop, Source
from reportgen.foreign import ClassOptimizer, ForeignOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program

Kind = type[ForeignOptimizer]


def foreign_source(
    program: Program, kind: Kind, loss: Loss, make_loop: MakeLoop, on_compiled: Callable[[], None]
) -> tuple[Source, str]:
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
        return OwnLoop(Member.of(program, _bind_batch(kind, program, chunk_size(program))), make_loop, on_compiled), ""
    one_by_one = OneByOne(program, kind, loss, make_loop, on_compiled)
    return one_by_one, f"run one by one, because {reason}"


class OneByOne:
    """Puts the runs of a program through loops of their own, one for each cell."""

    def __init__(
        self, program: Program, kind: Kind, loss: Loss, make_loop: MakeLoop, on_compiled: Callable[[], None]
    ) -> None:
        self._each = program.runs // len(program.cells)
        cells = [replace(program, cells=(cell,)) for cell in program.cells]
        try:
            for own in (cells[0], cells[-1]):
                _require_own_steps(own, kind, loss)
            self._loops = [OwnLoop(_alone(own, kind), make_loop, on_compiled) for own in cells]
        except Exception as error:
            raise _readable(error) from error

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time of tracing, compiling with the first run of each cell, and running."""
        return {name: sum(loop.seconds[name] for loop in self._loops) for name in self._loops[0].seconds}

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """What the loops give for some runs, told by their numbers, one at a time."""
        try:
            for run in runs:
                cell, own = divmod(int(run), self._each)
                (chunk,) = self._loops[cell](np.array([own]))
                yield chunk._replace(runs=np.array([run]))
        except Exception as error:
            raise _readable(error) from error


def _not_in_a_batch(program: Program, kind: Kind, loss: Loss) -> str:
    """Why its runs cannot be run in one batch; nothing if they can."""
    try:
        bind = _bind_batch(kind, program, verify.POISONED)
        ends = ProgramInputs(program)(np.array(sorted({0, program.runs - 1})))
        found = verify.difference(program, kind, loss, ends, bind, alone=False)
    except Exception as error:  # whatever does not work in a batch is tried one by one
        return f"in a batch it fails ({_sentence(error, kind)})"
    return f"in a batch it takes other steps ({found})" if found else ""


def _require_own_steps(program: Program, kind: Kind, loss: Loss) -> None:
    member = _alone(program, kind)
    found = verify.difference(program, kind, loss, member.inputs(np.array([0])), member.bind, alone=True)
    if found:
        raise Unliftable(
            f"the compiled loop takes other steps than {kind.title} by itself ({found}): it remembers something that "
            "was not found, as in a closure, a default argument or an object of another module, or it is not "
            "reproducible. Keep what it remembers in its attributes, as numbers and tensors"
        )


def _bind_batch(kind: Kind, program: Program, runs: int) -> BindRule:
    """The rule for a batch; its numbers are those of the runs."""
    values = program.cells[0].hyperparameters
    if issubclass(kind, ClassOptimizer):
        return partial(MappedRule, lambda numeric, rate: LiftedRule(kind, {**values, **numeric}, rate, rate.like))
    return _bind_keras(kind, program, (runs, program.start_points.shape[1]))


def _alone(program: Program, kind: Kind) -> Member:
    """The only cell of a program, whose runs run one by one; its numbers are Python's."""
    cell = program.cells[0]
    if not issubclass(kind, ClassOptimizer):
        return Member.of(program, _bind_keras(kind, program, (program.start_points.shape[1],)), 1)
    return Member.of(
        program,
        partial(
            MappedRule,
            lambda _, rate: LiftedRule(kind, cell.hyperparameters, cell.learning_rate, rate.like),
            alone=True,
        ),
        1,
    )


def _bind_keras(kind: Kind, program: Program, shape: tuple[int, ...]) -> BindRule:
    from reportgen.engine.lift.keras import KerasRule  # imports Keras

    return KerasRule(kind, program.cells[0].hyperparameters, program.settings.dtype, shape).bind


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
