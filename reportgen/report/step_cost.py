"""What the steps of an optimizer cost, in wall time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, number
from reportgen.results.manifest import ProgramEntry

if TYPE_CHECKING:
    import pandas as pd


def cost_sentence(programs: Sequence[ProgramEntry], runs: pd.DataFrame) -> str:
    """Return a sentence with the wall time of all steps of some programs, and of one step; empty if it is unknown.

    The time includes loss, gradients and record of each step, but not tracing and compiling.

    Args:
        programs: the programs.
        runs: their runs, and any others, see ``reportgen.results.schema``.
    """
    seconds, steps = _cost(programs, runs)
    if not (seconds and steps):
        return ""
    total = count(sum(program.runs for program in programs), "run")
    return f"The {number(steps, 15)} steps of {total} took {duration(seconds)}, {duration(seconds / steps)} per step."


def step_times(programs: Sequence[ProgramEntry], optimizers: Sequence[str], runs: pd.DataFrame) -> dict[str, str]:
    """Return the wall time per step and run of each optimizer for which it is known, in words.

    Optimizers that share a program have the same time.

    Args:
        programs: all programs.
        optimizers: labels.
        runs: all runs.
    """
    found = {}
    for label in optimizers:
        seconds, steps = _cost([each for each in programs if label in each.optimizers], runs)
        if seconds and steps:
            found[label] = duration(seconds / steps)
    return found


def _cost(programs: Sequence[ProgramEntry], runs: pd.DataFrame) -> tuple[float, int]:
    """The wall time of some programs in seconds, and the steps of all their runs."""
    seconds = sum(program.seconds.get("run", 0.0) for program in programs)
    steps = 0
    # Several programs of an optimizer on a loss have different learning rates.
    for loss, optimizer in {(program.loss, label) for program in programs for label in program.optimizers}:
        steps += int(runs.loc[(runs["loss"] == loss) & (runs["optimizer"] == optimizer), "steps"].sum())
    return seconds, steps


def duration(seconds: float) -> str:
    """Return a duration with two digits and its unit: ``8 s``, ``4.1 ms``, ``49 µs``, ``3.1 ns``."""
    rounded = float(f"{seconds:.1e}")
    unit, size = next((each for each in _UNITS if rounded >= each[1]), _UNITS[-1])
    return f"{number(rounded / size, 2)} {unit}"


_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
