"""Selects the runs that store a trace: all, those that pictures need, or none."""

from __future__ import annotations

import math

import numpy as np

from reportgen.plan import FloatArray, IntArray, Program

FEW_RUNS = 32
"""Pictures need all runs of a cell with at most this many."""


def traces_all_runs(program: Program) -> bool:
    """Whether every run of the program stores its trace."""
    runs_per_cell = program.runs // len(program.cells)
    return program.settings.trace == "all" or (program.settings.trace == "pictures" and runs_per_cell <= FEW_RUNS)


def traced_runs(program: Program, final_loss: FloatArray) -> IntArray:
    """Return the runs that store a trace if not all do.

    In each cell these are the run from the first start, and the runs with the lowest, the median and the highest final
    loss. With an even number of runs, the median is the worse of the two middle ones.

    Args:
        program: the program.
        final_loss: float [runs], infinite for a run that diverged.

    Returns:
        Run numbers in ascending order, int64 [traced].
    """
    if program.settings.trace == "none":
        return np.empty(0, int)
    runs_per_cell = len(final_loss) // len(program.cells)
    order = np.argsort(final_loss.reshape(-1, runs_per_cell), axis=1, kind="stable")
    middle = math.ceil(0.5 * (runs_per_cell - 1))
    within_cell = np.column_stack([np.zeros(len(order), int), order[:, [0, middle, -1]]])
    return np.unique(within_cell + runs_per_cell * np.arange(len(order))[:, np.newaxis])
