"""What running a program gives: plain arrays that travel from the worker to the store without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NEVER = -1
"""In a column of steps: it did not happen."""


@dataclass(frozen=True)
class Device:
    """A device as TensorFlow names it, and in words for the report."""

    name: str
    """``/device:CPU:0``"""
    kind: str
    """``CPU``, ``GPU`` or ``TPU``"""
    description: str


_FAR = 1e150
"""Largest distance along a coordinate that is projected onto a plane."""


@dataclass(frozen=True)
class Plane:
    """A plane through a space of more than two dimensions."""

    origin: Array
    """[dim]"""
    directions: Array
    """[2, dim]; orthonormal where points are laid on the plane, and not only taken from it."""
    share: float
    """Of the squared distances of the paths from their start, how much is along the plane."""

    def on(self, points: Array) -> Array:
        """The coordinates [points, 2] of the feet of ``points`` [points, dim]; finite, even if the points are not."""
        with np.errstate(over="ignore"):
            relative = np.asarray(points, float) - self.origin
        far = np.nan_to_num(relative, nan=_FAR, posinf=_FAR, neginf=-_FAR).clip(-_FAR, _FAR)
        return np.asarray(far @ self.directions.T)


@dataclass(frozen=True)
class Grid:
    """The loss over its domain: ``values`` has shape [len(y), len(x)], and y is empty in one dimension."""

    x: Array
    y: Array
    values: Array
    plane: Plane | None = None
    """Where ``x`` and ``y`` are coordinates on a plane; None where they are those of the loss."""


class Spent(NamedTuple):
    """Gradient evaluations of runs that need different numbers of them in different steps."""

    total: Array
    """In all steps, int64 [runs]."""
    at_end: Array
    """Until the last finite position, int64 [runs]."""
    at_hits: Array
    """Until each target was hit, int64 [targets, runs]; without meaning if it was not."""
    sampled: Array
    """Until each sampled step, int64 [points, runs]."""


@dataclass(frozen=True)
class ProgramResult:
    """Some runs of a program, or all; a step is -1 where something never happened."""

    runs: Array
    """[runs], their numbers in the order of ``Program.iter_runs``"""
    columns: Mapping[str, Array]
    """One value a run: steps, gradient_evaluations, final_loss, final_gradient_norm, best_loss, best_step, ..."""
    final_x: Array
    """[runs, dim], the last finite position"""
    hits: Array
    """[targets, runs], the step at which each target was hit: see ``Settings.judged_by``"""
    trace_steps: Array
    """[points], from 1"""
    trace_loss: Array
    """[points, runs]"""
    trace_gradient_norm: Array
    trace_x: Array
    """[points, 1 or 2, runs], the first two coordinates"""
    paths: Array
    """[points, dim, shown], all coordinates of the runs that can be shown; empty in one or two dimensions"""
    shown: Array
    """[shown], the places of these runs among the others"""
    evaluations_per_step: int | None
    """Gradient evaluations per step; None if they differ between steps."""
    spent: Spent | None
    """The counts, if they differ between steps."""
    grid: Grid | None
    device: Device
    seconds: Mapping[str, float]
    """Wall time of tracing, of compiling with the first call, and of running; programs in one loop share it evenly."""
    note: str = ""
    """How the program was run if that was not in one batch, and why."""


@dataclass(frozen=True)
class Replay:
    """The first steps of some runs of a program, executed without compilation."""

    runs: Array
    """Run numbers, int64 [runs]."""
    x: Array
    """The position after each step, [steps, dim, runs]."""
    changed: tuple[str, ...]
    """What the steps changed outside of the state: ``self.t``, or a global name of the optimizer's file."""
    has_assertions: bool
    """Whether a step contains ``tf.debugging.assert_*``, which XLA ignores."""


@dataclass(frozen=True)
class Parting:
    """The first step in which two optimizers differ."""

    step: int
    learning_rate: float
    start: int
    """Number of the start."""
    coordinate: int
    one: float
    """The coordinate after the step of the first optimizer."""
    other: float
    """The same of the second."""
    ulps: float
    """How far they are apart."""


@dataclass(frozen=True)
class StepComparison:
    """How the steps of two optimizers compare."""

    steps: int
    runs: int
    largest: float
    """The largest difference in ulps of the largest coordinate."""
    differing: int
    """How many of the steps of all runs differ."""
    first: Parting | None
    """None if all steps are equal."""
