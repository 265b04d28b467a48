"""Chooses how the steps of a PyTorch optimizer are made, and runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reportgen.engine.compiled import Chunk
from reportgen.engine.foreign.closure_steps import ClosureSteps, needs_closure
from reportgen.engine.foreign.host_loop import HostLoop, Stepper
from reportgen.engine.foreign.torch_steps import TorchSteps
from reportgen.engine.result import Array
from reportgen.engine.sources import Source
from reportgen.foreign import TorchOptimizer
from reportgen.loss import Loss
from reportgen.plan import Program


class TorchSource:
    """Runs with one optimizer for all runs; if that mixes them, again with one optimizer per run."""

    def __init__(self, together: HostLoop, alone: HostLoop) -> None:
        self._together = together
        self._alone = alone
        self._loop = together

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall time by stage."""
        return self._loop.seconds

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """Yield the outputs of runs."""
        try:
            chunks = list(self._loop(runs))
        except Exception:  # it mixes runs, or cannot take groups; what is wrong with it is raised again below
            self._loop = self._alone
            chunks = list(self._loop(runs))
        yield from chunks


def torch_source(
    make_loop: Callable[[Stepper], HostLoop], program: Program, kind: type[TorchOptimizer], loss: Loss
) -> tuple[Source, str]:
    """Return what runs the runs of a program, and a note on how it does.

    Args:
        make_loop: makes a loop with a stepper.
        program: the program.
        kind: the declaration of its optimizer.
        loss: its loss.
    """
    note = "PyTorch made these steps, uncompiled."
    alone = torch_stepper(program, kind, loss)
    if isinstance(alone, ClosureSteps):
        more = "In each step the optimizer evaluates loss and gradient as often as it needs, and each time is counted."
        return make_loop(alone), f"{note} {more}"
    return TorchSource(make_loop(TorchSteps(*_described(program, kind, loss), together=True)), make_loop(alone)), note


def torch_stepper(program: Program, kind: type[TorchOptimizer], loss: Loss) -> TorchSteps:
    """Return what makes the steps with one optimizer per run, with closures if the optimizer needs them."""
    alone = TorchSteps(*_described(program, kind, loss), together=False)
    if needs_closure(alone, program):
        return ClosureSteps(*_described(program, kind, loss), program, loss)
    return alone


def _described(program: Program, kind: type[TorchOptimizer], loss: Loss) -> tuple[Any, Any, Any]:
    return kind, program.cells[0].hyperparameters, list(loss.shapes.values())
