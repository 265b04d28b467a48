"""What the steps of an optimizer of another framework cost, in wall time."""

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
    seconds = sum(program.seconds.get("run", 0.0) for program in programs)
    steps = 0
    # Several programs of an optimizer on a loss have different learning rates.
    for loss, optimizer in {(program.loss, label) for program in programs for label in program.optimizers}:
        steps += int(runs.loc[(runs["loss"] == loss) & (runs["optimizer"] == optimizer), "steps"].sum())
    if not (seconds and steps):
        return ""
    total = count(sum(program.runs for program in programs), "run")
    return f"The {number(steps, 15)} steps of {total} took {duration(seconds)}, {duration(seconds / steps)} per step."


def duration(seconds: float) -> str:
    """Return a duration with two digits and its unit: ``8 s``, ``4.1 ms``, ``49 µs``."""
    rounded = float(f"{seconds:.1e}")
    unit, size = next((each for each in _UNITS if rounded >= each[1]), _UNITS[-1])
    return f"{number(rounded / size, 2)} {unit}"


_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
