"""Everything that was run for the checks of one optimizer, and the plain numbers that they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reportgen.engine.result import ProgramResult
from reportgen.plan import Program, number

Array = npt.NDArray[Any]


class MissingResultError(Exception):
    """A program has no result, and why."""


@dataclass(frozen=True)
class OptimizerRuns:
    """Programs by what they are for, with their results."""

    programs: Mapping[str, Program]
    results: Mapping[str, ProgramResult | str]
    """A text: why there is none."""
    replay: Any
    """The Replay of the batch in float64, a text that says why there is none, or None where it is not needed."""

    def of(self, name: str) -> ProgramResult:
        """The result of a program; raises Missing where it has none."""
        result = self.results[name]
        if isinstance(result, str):
            raise MissingResultError(result)
        return result

    def run(self, name: str, index: int) -> str:
        """A run in words: ``rate 0.1 from start 2``, with the hyperparameters where they are not the ones asked for."""
        program = self.programs[name]
        cell, start, _ = list(program.pairs())[index]
        label = "" if cell.optimizer == program.cells[0].optimizer else f"{cell.optimizer}, "
        return f"{label}rate {number(cell.learning_rate)} from start {start}"


def same_bits(one: ProgramResult, run: int, other: ProgramResult, other_run: int) -> bool:
    """Whether two runs are the same at every sampled step and at the end, to the last bit."""
    pairs = zip(_history(one, run), _history(other, other_run), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def _history(result: ProgramResult, run: int) -> tuple[Array, ...]:
    """Losses and positions of a run; what follows its last finite step is without meaning."""
    kept = result.trace_steps <= result.columns["last_finite"][run]
    return result.trace_loss[kept, run], result.trace_x[kept, :, run], result.final_x[run]


def format_position(x: Array) -> str:
    """A position with all the digits that its precision has."""
    return f"({', '.join(map(str, x[:3]))}{', ...' if len(x) > 3 else ''})"
