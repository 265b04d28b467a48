"""What the checks of one optimizer look at: programs with their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.engine.result import Array, ProgramResult, Replay
from reportgen.failure import Failure
from reportgen.optimizer_specs import format_float
from reportgen.plan import Program


class MissingResultError(Exception):
    """A check has nothing to look at, because a program or an evaluation failed. The message is the reason."""


@dataclass(frozen=True)
class OptimizerRuns:
    """Programs of an optimizer with their results."""

    programs: Mapping[str, Program]
    """By id, which says what the program is for."""
    results: Mapping[str, ProgramResult | Failure]
    """By the id of the program."""
    replay: Replay | Failure | None
    """The first steps of the batch in float64, run without compilation; None if they are not needed."""

    def result(self, program_id: str) -> ProgramResult:
        """Return the result of a program. Raises MissingResultError if it failed."""
        result = self.results[program_id]
        if isinstance(result, Failure):
            raise MissingResultError(result.reason)
        return result

    def describe_run(self, program_id: str, run: int) -> str:
        """Return a run in words: ``the run at learning rate 0.1 from start 2``.

        Args:
            program_id: the id of its program.
            run: its run number.
        """
        program = self.programs[program_id]
        cell, start, _ = list(program.iter_runs())[run]
        # Some runs of a batch have other values of hyperparameters than the user asked for.
        optimizer = "" if cell.optimizer == program.cells[0].optimizer else f" of {cell.optimizer}"
        return f"the run{optimizer} at learning rate {format_float(cell.learning_rate)} from start {start}"


def same_bits(one: ProgramResult, run: int, other: ProgramResult, other_run: int) -> bool:
    """Whether two runs are bitwise identical at each sampled step and at the end.

    Args:
        one: the result that contains the first run.
        run: the index of the first run in ``one``.
        other: the result that contains the second run.
        other_run: the index of the second run in ``other``.
    """
    pairs = zip(_trajectory(one, run), _trajectory(other, other_run), strict=True)
    return all(np.array_equal(first, second) for first, second in pairs)


def _trajectory(result: ProgramResult, run: int) -> tuple[Array, ...]:
    """Losses [points], positions [points, 1 or 2] and final position [dim], up to the last finite step."""
    finite = result.trace_steps <= result.columns["last_finite"][run]
    return result.trace_loss[finite, run], result.trace_x[finite, :, run], result.final_x[run]


def format_position(x: Array) -> str:
    """Format a position [dim] with all digits of its dtype; only the first three of many coordinates."""
    return f"({', '.join(map(str, x[:3]))}{', ...' if len(x) > 3 else ''})"
