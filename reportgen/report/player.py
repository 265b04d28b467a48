"""What the player of a loss's page needs: its stage, the optimizers and rates to choose from, and their paths."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import LossView, Trajectory, records
from reportgen.analysis.number_format import number
from reportgen.figures.paths import box_of
from reportgen.figures.player_stage import INNER, MARGINS, STAGE, is_playable, stage_pixels
from reportgen.figures.scales import few_ticks
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
"""Of the paths of one loss, as they stand in the page."""
MOST_SHOWN = 8
"""So many optimizers are shown at once unless the reader chooses others: the best."""
_FRAMES = (128, 96, 64, 48)
"""How many steps are shown: the most for which the paths of all cells have room."""

Key = tuple[str, float]
"""Optimizer and learning rate."""


def player(view: LossView) -> dict[str, Any] | None:
    """What ``player.html`` is given; None where nothing can be played."""
    shown = _Player(view) if is_playable(view) else None
    return shown.told() if shown and shown.paths else None


class _Player:
    """The paths of one loss, and those of them for which its page has room."""

    def __init__(self, view: LossView) -> None:
        self._view = view
        self._rates = [float(value) for value in view.results.manifest["learning_rates"]]
        runs = {cell: run for cell, run in view.first_runs.items() if run.x is not None}
        self._first: Trajectory = next(iter(runs.values()))
        self._floor = lowest_code(list(runs.values())) if np.isfinite(view.minimum) else None
        self.paths: dict[Key, EncodedPath] = {}
        for cell in records(view.cells[["cell_id", "optimizer", "learning_rate"]]):
            if cell["cell_id"] in runs and (path := encode_path(view, runs[cell["cell_id"]], self._floor)):
                self.paths[str(cell["optimizer"]), float(cell["learning_rate"])] = path

    def told(self) -> dict[str, Any]:
        steps, fitting = self._fitting
        paths = [[self._path((name, value)) for value in self._rates] for name in self._view.optimizers]
        data = self._head(steps) | {"paths": paths}
        return {
            "stage": _stage(self._view, self._first),
            "rows": [self._row(name) for name in self._view.optimizers],
            "rates": self._rates,
            "steps": data["steps"],
            "data": _embedded(data),
            "left_out": len(self.paths) - len(fitting),
            "standard": self._view.results.manifest["config"]["starts"]["standard"],
        }

    @cached_property
    def _fitting(self) -> tuple[Array, set[Key]]:
        """The steps that are shown, and the cells whose paths are there: where not all fit, those by interest."""
        longest = max((path.step for path in self.paths.values()), key=lambda step: (step[-1], len(step)))
        order = self._by_interest()
        nothing = len("null,") * (len(self._rates) + 1) * len(self._view.optimizers)
        for most in _FRAMES:
            steps = sample_steps(longest, most)
            room = MOST_BYTES - len(_embedded(self._head(steps))) - nothing
            needed = np.cumsum([_size(self.paths[key], steps) for key in order])
            if needed[-1] <= room:
                break
        return steps, set(order[: int(np.searchsorted(needed, room, side="right"))])

    def _head(self, steps: Array) -> dict[str, Any]:
        return {"grid": GRID, "floor": self._floor, "outcomes": OUTCOMES, "steps": steps.tolist()}

    def _path(self, key: Key) -> dict[str, Any] | None:
        steps, fitting = self._fitting
        return (
            {"moves": encode_integers(path_deltas(self.paths[key], steps))} | self.paths[key].facts
            if key in fitting
            else None
        )

    def _by_interest(self) -> list[Key]:
        """The cells, those at the best rates first, of equally near ones those of the better optimizer."""
        rank = {name: place for place, name in enumerate(self._best_first)}

        def distance(key: Key) -> tuple[float, int]:
            return abs(round(float(np.log10(key[1] / self._best_rate(key[0]))), 3)), rank[key[0]]

        return sorted(self.paths, key=distance)

    @cached_property
    def _best_first(self) -> list[str]:
        cells = self._view.best.values()
        ordered = sorted(cells, key=lambda cell: (-cell["reached"], cell["gap_median"], cell["steps_to_target"]))
        return [cell["optimizer"] for cell in ordered]

    def _best_rate(self, optimizer: str) -> float:
        return float(self._view.best[optimizer]["learning_rate"])

    @cached_property
    def _shown(self) -> list[str]:
        """The optimizers that are chosen at first."""
        _, fitting = self._fitting
        return [name for name in self._best_first if (name, self._best_rate(name)) in fitting][:MOST_SHOWN]

    def _row(self, name: str) -> dict[str, Any]:
        """One optimizer: whether it is chosen at first, and the rates it was run at, but for those left out."""
        run = {float(value) for value in self._view.of_optimizer(name)["learning_rate"]}
        run -= {value for each, value in self.paths.keys() - self._fitting[1] if each == name}
        rates = [self._choice(name, place) for place, value in enumerate(self._rates) if value in run]
        return {"optimizer": name, "shown": name in self._shown, "rates": rates}

    def _choice(self, name: str, place: int) -> dict[str, Any]:
        key = name, self._rates[place]
        path, best = self.paths.get(key), key[1] == self._best_rate(name)
        note = "no path" if not path else "diverged" if "diverged" in path.facts else ""
        return {"place": place, "rate": key[1], "note": note, "played": bool(path), "best": best}


def _size(path: EncodedPath, steps: Array) -> int:
    """The bytes of a path in the page."""
    return encoded_length(path_deltas(path, steps)) + len(_embedded({"moves": ""} | path.facts))


def _stage(view: LossView, run: Trajectory) -> dict[str, Any]:
    """Sizes, ticks, start and minimizers, in pixels inside the margins."""
    box = box_of(view)
    (left, right), (bottom, top) = view.box
    start = _place(np.asarray(run.x)[0], box)
    minima = [_place(point[:2], box) for point in view.minima]
    return {
        "size": STAGE,
        "inner": INNER,
        "corner": (MARGINS[0], MARGINS[3]),
        "across": [(_place((x, bottom), box)[0], number(round(x, 12))) for x in few_ticks(left, right)],
        "down": [(_place((left, y), box)[1], number(round(y, 12))) for y in few_ticks(bottom, top)],
        "axes": ("1st direction", "2nd direction") if view.plane else ("x", "y"),
        "minima": [point for point in minima if _inside(point)],
        "start": start if _inside(start) else None,
    }


def _place(point: Any, box: Array) -> tuple[float, float]:
    x, y = stage_pixels(np.asarray(point, float), box).round(1).tolist()
    return x, y


def _inside(point: tuple[float, float]) -> bool:
    return all(0 <= c <= side for c, side in zip(point, INNER, strict=True))


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON that may stand in a page: no letter of it ends the element it stands in."""
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))
