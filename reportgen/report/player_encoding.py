"""Runs as the player shows them: sampled steps, on a grid of half pixels, in few letters."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, Trajectory
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.figures.paths import box_of, edge_crossing, exit_index, path_width_factor
from reportgen.figures.player_stage import stage_pixels

GRID = 2
"""Steps of the grid in a pixel."""
OUTCOMES = list(SYMBOLS)
DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_FAR = 4
"""What goes further outside than so many times the picture is drawn there: more would only cost letters."""


@dataclass(frozen=True)
class EncodedPath:
    """One run on the stage."""

    step: Array
    """The sampled steps until it ends or leaves the picture for good."""
    place: Array
    """At each of them its place on the grid and its gap as ``gap_codes`` says: integers [steps, 3]."""
    facts: dict[str, Any]
    """How it ends, as ``templates/player.js`` reads it."""


def encode_path(view: LossView, run: Trajectory, floor: int | None) -> EncodedPath | None:
    """A run as it is played; None where it cannot be seen, since it begins outside the picture and stays there."""
    points, box = np.asarray(run.x, float), box_of(view)
    left = exit_index(points, box)
    if left == 0:
        return None
    facts: dict[str, Any] = {"outcome": OUTCOMES.index(run.outcome)}
    last = len(points) - 1
    if left is not None:
        last = left
        facts["left"] = [int(run.step[left]), _angle(points[left] - points[left - 1], box)]
        points = points.copy()
        points[left] = edge_crossing(points[left - 1], points[left], box)
    facts |= {"solved": run.solved_at} if run.solved_at is not None else {}
    facts |= {"diverged": run.diverged_at} if run.diverged_at is not None else {}
    reach = _FAR * (box[1] - box[0])
    near = np.clip(points[: last + 1], box[0] - reach, box[1] + reach)
    facts["width"] = round(2 * path_width_factor(near, box), 1)
    pixels = np.rint(GRID * stage_pixels(near, box)).astype(int)
    gaps = np.zeros(last + 1, int) if floor is None else gap_codes(run.gap[: last + 1], floor)
    return EncodedPath(run.step[: last + 1], np.column_stack([pixels, gaps]), facts)


def _angle(way: Array, box: Array) -> int:
    """The direction of a move on the stage, degrees clockwise from the right."""
    across = way / np.abs(way).max()
    right, down = stage_pixels(across, box) - stage_pixels(np.zeros(2), box)
    return round(float(np.degrees(np.arctan2(down, right))))


def gap_codes(gaps: Array, floor: int) -> Array:
    """Two significant digits of each gap as one integer that grows with it: 90 * power of ten + digits - 10.

    A gap of zero or below is ``floor``.
    """
    known = np.clip(np.where(gaps > 0, gaps, 1.0), 1e-300, 1e300)
    power = np.floor(np.log10(known))
    code = np.rint(90 * power + known / 10.0**power * 10 - 10)
    return np.where(gaps > 0, code, floor).astype(int)


def lowest_code(runs: list[Trajectory]) -> int:
    """One below the code of the smallest gap above zero."""
    least = min((float(run.gap[run.gap > 0].min()) for run in runs if (run.gap > 0).any()), default=1.0)
    return int(gap_codes(np.array([least]), 0)[0]) - 1


def sample_steps(steps: Array, most: int) -> Array:
    """At most about ``most`` of the sampled steps: the first quarter is each of them, the rest is thinned evenly."""
    if len(steps) <= most:
        return steps
    dense = most // 4
    thin = np.linspace(dense, len(steps) - 1, most - dense).round().astype(int)
    kept: Array = steps[np.unique(np.concatenate([np.arange(dense), thin]))]
    return kept


def path_deltas(played: EncodedPath, shown: Array) -> Array:
    """The changes of its place from each of the steps ``shown`` to the next, until it rests: integers, flat.

    A step between two that are shown counts at the later one, if it is the run's last.
    """
    end = int(np.searchsorted(shown, played.step[-1])) + 1
    at = np.searchsorted(played.step, shown[:end], side="right") - 1
    changed = np.diff(played.place[at], axis=0, prepend=0)
    if "left" not in played.facts:
        changed = changed[: int(np.flatnonzero(changed.any(axis=1)).max(initial=0)) + 1]
    flat: Array = changed.ravel()
    return flat


def encoded_length(values: Array) -> int:
    """How many letters ``encoded`` needs."""
    signed = np.abs(values) << 1
    return int(sum((signed >= 1 << shift).sum() for shift in range(5, 32, 5))) + len(values)


def encode_integers(values: Array) -> str:
    """Integers in base 64 with a continuation bit, small ones in one letter, as source maps have them."""
    text = []
    for value in values.tolist():
        rest = abs(value) << 1 | (value < 0)
        while rest >= 32:
            text.append(DIGITS[rest & 31 | 32])
            rest >>= 5
        text.append(DIGITS[rest])
    return "".join(text)
