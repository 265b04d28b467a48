"""The player of a loss page: its stage, the optimizers and learning rates to choose from, and their paths."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, Trajectory
from reportgen.analysis.number_format import number
from reportgen.figures.paths import box_of
from reportgen.figures.player_stage import INNER, MARGINS, STAGE, is_playable, stage_pixels
from reportgen.figures.scales import few_ticks
from reportgen.report.heatmap import path_anchor
from reportgen.report.player_encoding import (
    GRID,
    OUTCOMES,
    EncodedPath,
    encode_integers,
    encode_path,
    encoded_length,
    lowest_code,
    path_deltas,
    sample_steps,
)

MOST_BYTES = 60_000
"""Size of the paths of one loss in the page."""
MOST_SHOWN = 8
"""Only this many optimizers are selected at first: the best."""
_FRAMES = (128, 96, 64, 48)
"""Numbers of steps: the first one is used with which the paths of all configurations fit."""

Key = tuple[str, float]
"""Optimizer and learning rate."""


@dataclass(frozen=True)
class Stage:
    """The picture under the paths, in pixels inside its margins."""

    size: tuple[int, int]
    inner: tuple[int, int]
    """Width and height inside the margins."""
    corner: tuple[float, float]
    """Left and top margin."""
    across: Sequence[tuple[float, str]]
    """Position and label of each tick on the x axis."""
    down: Sequence[tuple[float, str]]
    """Position and label of each tick on the y axis."""
    axes: tuple[str, str]
    """Titles of the x axis and the y axis."""
    minima: Sequence[tuple[float, float]]
    """Positions of the known minima."""
    start: tuple[float, float] | None
    """Position of the start; None if it is outside."""


@dataclass(frozen=True)
class RateChoice:
    """A learning rate that can be chosen for an optimizer."""

    place: int
    """Its place among all learning rates."""
    rate: float
    note: str
    """``diverged`` or ``no path``; empty otherwise."""
    has_path: bool
    best: bool
    """Whether it is the best learning rate of the optimizer."""
    anchor: str
    """The id that selects it, see ``heatmap.path_anchor``."""


@dataclass(frozen=True)
class PlayerRow:
    """One optimizer."""

    optimizer: str
    is_shown: bool
    """Whether it is selected at first."""
    rates: Sequence[RateChoice]


@dataclass(frozen=True)
class Player:
    """What ``player.html`` shows."""

    stage: Stage
    rows: Sequence[PlayerRow]
    rates: Sequence[float]
    """All learning rates."""
    steps: Sequence[int]
    """The step of each frame."""
    data: Markup
    """The paths as JSON, for ``player.js``."""
    left_out: int
    """Number of paths that are omitted, because the page would be too large."""


def player(view: LossView) -> Player | None:
    """The player of a loss; None if nothing can be played."""
    builder = _PlayerBuilder(view) if is_playable(view) else None
    return builder.build() if builder and builder.paths else None


class _PlayerBuilder:
    """Selects the paths of one loss that fit into its page."""

    def __init__(self, view: LossView) -> None:
        self._view = view
        self._rates = list(view.manifest.rate_columns)
        runs = {cell: run for cell, run in view.first_runs.items() if run.x is not None}
        self._first: Trajectory = next(iter(runs.values()))
        self._floor = lowest_code(list(runs.values())) if np.isfinite(view.minimum) else None
        self.paths: dict[Key, EncodedPath] = {}
        for row in view.rows:
            if row.cell_id in runs and (path := encode_path(view, runs[row.cell_id], self._floor)):
                self.paths[row.optimizer, view.manifest.rate_column(row.learning_rate)] = path

    def build(self) -> Player:
        steps, fitting = self._fitting
        paths = [[self._path((name, value)) for value in self._rates] for name in self._view.optimizers]
        data = self._head(steps) | {"paths": paths}
        return Player(
            stage=_stage(self._view, self._first),
            rows=[self._row(name) for name in self._view.optimizers],
            rates=self._rates,
            steps=steps.tolist(),
            data=_embedded_json(data),
            left_out=len(self.paths) - len(fitting),
        )

    @cached_property
    def _fitting(self) -> tuple[Array, set[Key]]:
        """The steps of the frames, and the configurations with paths that fit, the most important ones first."""
        longest = max((path.step for path in self.paths.values()), key=lambda step: (step[-1], len(step)))
        order = self._by_importance()
        null_bytes = len("null,") * (len(self._rates) + 1) * len(self._view.optimizers)
        for most in _FRAMES:
            steps = sample_steps(longest, most)
            available = MOST_BYTES - len(_embedded_json(self._head(steps))) - null_bytes
            needed = np.cumsum([_size(self.paths[key], steps) for key in order])
            if needed[-1] <= available:
                break
        return steps, set(order[: int(np.searchsorted(needed, available, side="right"))])

    def _head(self, steps: Array) -> dict[str, object]:
        return {"grid": GRID, "floor": self._floor, "outcomes": OUTCOMES, "steps": steps.tolist()}

    def _path(self, key: Key) -> dict[str, object] | None:
        steps, fitting = self._fitting
        if key not in fitting:
            return None
        return {"moves": encode_integers(path_deltas(self.paths[key], steps)), **self.paths[key].facts}

    def _by_importance(self) -> list[Key]:
        """The configurations, those closest to the best learning rates first, then those of better optimizers."""
        rank = {name: place for place, name in enumerate(self._best_first)}

        def distance(key: Key) -> tuple[float, int]:
            return abs(round(float(np.log10(key[1] / self._best_rate(key[0]))), 3)), rank[key[0]]

        return sorted(self.paths, key=distance)

    @property
    def _best_first(self) -> list[str]:
        return [cell.optimizer for cell in self._view.best_first]

    def _best_rate(self, optimizer: str) -> float:
        return self._view.best[optimizer].learning_rate

    @cached_property
    def _initial_choice(self) -> list[str]:
        """The optimizers that are selected at first."""
        _, fitting = self._fitting
        return [name for name in self._best_first if (name, self._best_rate(name)) in fitting][:MOST_SHOWN]

    def _row(self, name: str) -> PlayerRow:
        """One optimizer with the learning rates that were run, without those of omitted paths."""
        tried = set(self._view.cells_by_rate(name))
        tried -= {value for each, value in self.paths.keys() - self._fitting[1] if each == name}
        rates = [self._choice(name, place) for place, value in enumerate(self._rates) if value in tried]
        return PlayerRow(name, name in self._initial_choice, rates)

    def _choice(self, name: str, place: int) -> RateChoice:
        key = name, self._rates[place]
        path, best = self.paths.get(key), key[1] == self._best_rate(name)
        note = "no path" if not path else "diverged" if "diverged" in path.facts else ""
        return RateChoice(place, key[1], note, bool(path), best, path_anchor(*key))


def _size(path: EncodedPath, steps: Array) -> int:
    """The bytes of a path in the page."""
    return encoded_length(path_deltas(path, steps)) + len(_embedded_json({"moves": "", **path.facts}))


def _stage(view: LossView, run: Trajectory) -> Stage:
    box = box_of(view)
    (left, right), (bottom, top) = view.box
    start = _place(np.asarray(run.x)[0], box)
    minima = [_place(point[:2], box) for point in view.minima]
    return Stage(
        size=STAGE,
        inner=INNER,
        corner=(MARGINS[0], MARGINS[3]),
        across=[(_place((x, bottom), box)[0], number(round(x, 12))) for x in few_ticks(left, right)],
        down=[(_place((left, y), box)[1], number(round(y, 12))) for y in few_ticks(bottom, top)],
        axes=("1st direction", "2nd direction") if view.plane else ("x", "y"),
        minima=[point for point in minima if _is_inside(point)],
        start=start if _is_inside(start) else None,
    )


def _place(point: npt.ArrayLike, box: Array) -> tuple[float, float]:
    x, y = stage_pixels(np.asarray(point, float), box).round(1).tolist()
    return x, y


def _is_inside(point: tuple[float, float]) -> bool:
    return all(0 <= c <= side for c, side in zip(point, INNER, strict=True))


def _embedded_json(data: Mapping[str, object]) -> Markup:
    """JSON for a script element, escaped so that it cannot end the element."""
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))
