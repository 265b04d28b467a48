"""Which runs keep a trace: all, those that pictures need, or none."""

from __future__ import annotations

import math

import numpy as np

from reportgen.engine.result import Array
from reportgen.plan import Program

FEW = 32
"""Of a cell with so many runs or fewer, pictures have them all."""


def traces_all_runs(program: Program) -> bool:
    """Whether every run of the program keeps its trace."""
    each = program.runs // len(program.cells)
    return program.settings.trace == "all" or (program.settings.trace == "pictures" and each <= FEW)


def traced_runs(program: Program, final: Array) -> Array:
    """The numbers of the runs that keep a trace where not all do, from the final loss of each, infinite where lost.

    For pictures they are, of each cell, the run from the first start, and those whose final loss is the lowest, the
    median (of two middle ones the worse) and the highest.
    """
    if program.settings.trace == "none":
        return np.empty(0, int)
    each = len(final) // len(program.cells)
    order = np.argsort(final.reshape(-1, each), axis=1, kind="stable")
    middle = math.ceil(0.5 * (each - 1))
    places = np.column_stack([np.zeros(len(order), int), order[:, [0, middle, -1]]])
    return np.unique(places + each * np.arange(len(order))[:, np.newaxis])
