"""Runs encoded for the player: sampled steps and positions on a grid of half pixels, in few letters."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, Trajectory
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.figures.paths import box_of, edge_crossing, exit_index, path_width_factor
from reportgen.figures.player_stage import stage_pixels

GRID = 2
"""Grid steps per pixel."""
OUTCOMES = list(SYMBOLS)
DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_FAR = 4
"""Positions are clipped at this multiple of the picture's size outside it, to save letters."""


class PathFacts(TypedDict, total=False):
    """How a run ends, as ``templates/player.js`` reads it."""

    outcome: int
    """Place in ``OUTCOMES``."""
    left: list[int]
    """The step at which it left the picture and its direction, degrees clockwise from the right."""
    solved: int
    """The step at which it was solved."""
    diverged: int
    """The step at which it diverged."""
    width: float
    """Line width, CSS pixels."""


@dataclass(frozen=True)
class EncodedPath:
    """One run on the stage."""

    step: Array
    """The sampled steps until it ends or leaves the picture for good, int [steps]."""
    place: Array
    """Position on the grid (x, y) and gap code, see ``gap_codes``, int [steps, 3]."""
    facts: PathFacts


def encode_path(view: LossView, run: Trajectory, floor: int | None) -> EncodedPath | None:
    """A run for the player; None if it is outside the picture all the time.

    Args:
        view: the loss.
        run: with positions.
        floor: the code of gaps of 0 and below, see ``lowest_code``; None if no minimum is known.
    """
    points, box = np.asarray(run.x, float), box_of(view)
    exit_at = exit_index(points, box)
    if exit_at == 0:
        return None
    facts: PathFacts = {"outcome": OUTCOMES.index(run.outcome)}
    last = len(points) - 1
    if exit_at is not None:
        last = exit_at
        facts["left"] = [int(run.step[exit_at]), _angle(points[exit_at] - points[exit_at - 1], box)]
        points = points.copy()
        points[exit_at] = edge_crossing(points[exit_at - 1], points[exit_at], box)
    if run.solved_at is not None:
        facts["solved"] = run.solved_at
    if run.diverged_at is not None:
        facts["diverged"] = run.diverged_at
    margin = _FAR * (box[1] - box[0])
    near = np.clip(points[: last + 1], box[0] - margin, box[1] + margin)
    facts["width"] = round(2 * path_width_factor(near, box), 1)
    pixels = np.rint(GRID * stage_pixels(near, box)).astype(int)
    gaps = np.zeros(last + 1, int) if floor is None else gap_codes(run.gap[: last + 1], floor)
    return EncodedPath(run.step[: last + 1], np.column_stack([pixels, gaps]), facts)


def _angle(move: Array, box: Array) -> int:
    """The direction of a move, float [2], on the stage, degrees clockwise from the right."""
    direction = move / np.abs(move).max()
    right, down = stage_pixels(direction, box) - stage_pixels(np.zeros(2), box)
    return round(float(np.degrees(np.arctan2(down, right))))


def gap_codes(gaps: Array, floor: int) -> Array:
    """Two significant digits of each gap as an integer that grows with it, int of the shape of ``gaps``.

    The code is 90 * power of ten + digits - 10, and ``floor`` for a gap of 0 or below.
    """
    positive = np.clip(np.where(gaps > 0, gaps, 1.0), 1e-300, 1e300)
    power = np.floor(np.log10(positive))
    code = np.rint(90 * power + positive / 10.0**power * 10 - 10)
    return np.where(gaps > 0, code, floor).astype(int)


def lowest_code(runs: list[Trajectory]) -> int:
    """The code below that of the smallest positive gap."""
    smallest = min((float(run.gap[run.gap > 0].min()) for run in runs if (run.gap > 0).any()), default=1.0)
    return int(gap_codes(np.array([smallest]), 0)[0]) - 1


def sample_steps(steps: Array, most: int) -> Array:
    """About ``most`` of ``steps`` or fewer, int [frames]: the first ones all, the others at equal distances.

    Args:
        steps: int [steps].
        most: a quarter of the frames are the first steps.
    """
    if len(steps) <= most:
        return steps
    dense = most // 4
    thin = np.linspace(dense, len(steps) - 1, most - dense).round().astype(int)
    frames: Array = steps[np.unique(np.concatenate([np.arange(dense), thin]))]
    return frames


def path_deltas(path: EncodedPath, frames: Array) -> Array:
    """The changes of ``place`` from frame to frame until the run rests, flattened, int [3 * frames or fewer].

    The last step of a run counts at the next frame.

    Args:
        path: the run.
        frames: the step of each frame, int [frames].
    """
    end = int(np.searchsorted(frames, path.step[-1])) + 1
    at = np.searchsorted(path.step, frames[:end], side="right") - 1
    changes = np.diff(path.place[at], axis=0, prepend=0)
    if "left" not in path.facts:
        changes = changes[: int(np.flatnonzero(changes.any(axis=1)).max(initial=0)) + 1]
    flat: Array = changes.ravel()
    return flat


def encoded_length(values: Array) -> int:
    """The number of letters of ``encode_integers``, for int [values]."""
    signed = np.abs(values) << 1
    return int(sum((signed >= 1 << shift).sum() for shift in range(5, 32, 5))) + len(values)


def encode_integers(values: Array) -> str:
    """Integers, int [values], in base 64 with a continuation bit, as in source maps; small ones take one letter."""
    letters = []
    for value in values.tolist():
        rest = abs(value) << 1 | (value < 0)
        while rest >= 32:
            letters.append(DIGITS[rest & 31 | 32])
            rest >>= 5
        letters.append(DIGITS[rest])
    return "".join(letters)
