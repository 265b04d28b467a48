"""Where the runs of a grid of starts end: the basins of attraction of an optimizer at each learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.engine.result import NEVER, Array, Grid
from reportgen.loss import Interval, Loss

if TYPE_CHECKING:
    from reportgen.engine.run import Engine
    from reportgen.plan import Program

MOST_POINTS = 200
"""Known points of a loss that are told apart."""
SOLVED_ELSEWHERE, INSIDE, OUTSIDE, DIVERGED = 252, 253, 254, 255
"""Ends of runs besides the known points, which are counted from 0: global minima, local minima, then saddles."""
NEAR = 0.02
"""Largest distance of an end from a known point along each axis, as a share of the width of the domain."""


@dataclass(frozen=True)
class Basins:
    """The ends of the runs of one program from a grid of starts."""

    ends: Array
    """Codes, uint8 [cells, starts]."""
    steps: Array
    """The step at which each run hit ``speed_target``, int32 [cells, starts]; ``NEVER`` if it did not."""


@dataclass(frozen=True)
class StartGrid:
    """A grid of starts: over a loss of one or two dimensions, or on a plane through more."""

    box: tuple[Interval, ...]
    """The first and the last start along each axis."""
    points: Array
    """float64 [starts, dim]; the first axis varies fastest."""


def start_grid(loss: Loss, size: int, grid: Grid | None) -> StartGrid | None:
    """Return the starts of a map; None for a loss of more than two dimensions without a plane.

    Args:
        loss: the loss.
        size: starts along each axis.
        grid: the background of the pictures of the loss, with its plane.
    """
    if loss.dim > 2:
        if grid is None or grid.plane is None:
            return None
        box: tuple[Interval, ...] = tuple((float(axis[0]), float(axis[-1])) for axis in (grid.x, grid.y))
    else:
        box = loss.domain
    axes = [np.linspace(low, high, size) for low, high in box]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes)], axis=-1)
    if loss.dim > 2:
        assert grid is not None
        assert grid.plane is not None
        points = grid.plane.origin + points @ grid.plane.directions
    return StartGrid(box, points)


def from_starts(program: Program, starts: StartGrid) -> Program:
    """Return the same program from other starts, without trajectories."""
    points = np.asarray(starts.points, program.settings.dtype).astype(float).tolist()
    return replace(
        program,
        id=f"basins of {program.id}",
        starts=tuple((number, tuple(point)) for number, point in enumerate(points, 1)),
        seeds=1,
        settings=replace(program.settings, trace="none"),
    )


def speed_target(targets: Sequence[float]) -> float:
    """Return the target that says how fast a run was: the second one, or the only one."""
    return targets[min(1, len(targets) - 1)]


def collect_basins(program: Program, engine: Engine) -> Basins:
    """Run a program, and return where its runs end. For workers."""
    cells, starts = len(program.cells), len(program.starts)
    ends, steps = np.empty(cells * starts, np.uint8), np.empty(cells * starts, np.int32)
    speed = program.settings.targets.index(speed_target(program.settings.targets))
    for part in engine(np.arange(program.runs), traces=False):
        diverged = part.columns["diverged_at"] != NEVER
        ends[part.runs] = classify(engine.loss, part.final_x, diverged, part.hits[-1] != NEVER)
        steps[part.runs] = part.hits[speed]
    return Basins(ends.reshape(cells, starts), steps.reshape(cells, starts))


def classify(loss: Loss, final_x: Array, diverged: Array, solved: Array) -> Array:
    """Return the code of each end, uint8 [runs].

    Args:
        loss: the loss.
        final_x: the last positions, [runs, dim].
        diverged: whether each run diverged, bool [runs].
        solved: whether each run hit the tightest target, bool [runs].
    """
    low, high = np.array(loss.domain).T
    codes = np.full(len(final_x), INSIDE, np.uint8)
    with np.errstate(invalid="ignore"):
        codes[((final_x < low) | (final_x > high)).any(axis=1)] = OUTSIDE
        codes[solved] = SOLVED_ELSEWHERE
        nearest = np.full(len(final_x), NEAR)
        for code, point in enumerate((*loss.minima, *loss.local_minima, *loss.saddles)[:MOST_POINTS]):
            distance = (np.abs(final_x - point) / (high - low)).max(axis=1)
            closer = distance <= nearest
            nearest[closer] = distance[closer]
            codes[closer] = code
    codes[diverged | ~np.isfinite(final_x).all(axis=1)] = DIVERGED
    return codes
