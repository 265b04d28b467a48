"""Everything that figures and pages show of one loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.cells import Array, cell_table
from reportgen.analysis.ranking import best_cells
from reportgen.engine.result import Plane
from reportgen.results.result_tables import belongs_to_runs, lists_to_array
from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.result_tables import Results

SHOWN_STARTS = 12
"""Paths are drawn from the standard start and at most this many in all."""


@dataclass(frozen=True)
class Trajectory:
    """The sampled history of one run."""

    start: int
    outcome: str
    step: Array
    gap: Array
    x: Array | None
    """Where it was in the picture of its loss, [steps, 1 or 2]; None where that is not known."""
    solved_at: int | None = None
    """The first step at which the tightest target was reached."""
    diverged_at: int | None = None


@dataclass(frozen=True)
class LossView:
    """One loss: its facts, its cells and, on demand, the history of its runs."""

    results: Results
    """With the runs of this loss only."""
    facts: dict[str, Any]

    @property
    def label(self) -> str:
        """The loss's label."""
        return str(self.facts["label"])

    @property
    def optimizers(self) -> list[str]:
        """All labels, in the manifest's order, which is also the order of their colours."""
        return [fact["label"] for fact in self.results.manifest["optimizers"]]

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell."""
        return cell_table(self.results)

    @cached_property
    def best(self) -> dict[str, dict[str, Any]]:
        """The best cell of each optimizer that has one."""
        return {row["optimizer"]: row for row in records(best_cells(self.cells))}

    @property
    def from_start(self) -> str:
        """Where the first runs begin: ``the standard start``, or ``the first start`` where that is another."""
        return "the standard start" if self.results.manifest["config"]["starts"]["standard"] else "the first start"

    @property
    def contenders(self) -> list[str]:
        """The labels without reference lines, which are there to measure the others by."""
        return compared_optimizers(self.results.manifest)

    @property
    def best_contenders(self) -> dict[str, dict[str, Any]]:
        """``best`` without reference lines."""
        return {name: cell for name, cell in self.best.items() if name in self.contenders}

    def of_optimizer(self, label: str) -> pd.DataFrame:
        """The cells of one optimizer, by learning rate."""
        return self.cells[self.cells["optimizer"] == label]

    def cells_by_rate(self, label: str) -> dict[float, dict[str, Any]]:
        """The same by learning rate."""
        return self._cells_by_rate.get(label, {})

    @cached_property
    def _cells_by_rate(self) -> dict[str, dict[float, dict[str, Any]]]:
        found: dict[str, dict[float, dict[str, Any]]] = {}
        for cell in records(self.cells):
            found.setdefault(cell["optimizer"], {})[float(cell["learning_rate"])] = cell
        return found

    def best_runs(self, optimizer: str) -> list[Trajectory]:
        """The histories of an optimizer's best cell, by start; a run that failed has none."""
        return self._histories.get(optimizer, [])

    def curve_runs(self, optimizer: str) -> list[Trajectory]:
        """The histories whose median is the curve of an optimizer: all of its best cell.

        Where not all were kept, that of the run whose end is the median of the cell's.
        """
        runs = self.best_runs(optimizer)
        if not runs or len(runs) == self.best[optimizer]["runs"]:
            return runs
        middle = self.best[optimizer]["gap_median"]
        ends = np.array([np.inf if run.outcome == "diverged" else run.gap[-1] for run in runs])
        with np.errstate(invalid="ignore"):
            apart = np.where(ends == middle, 0, np.abs(ends - middle))
        return [runs[int(np.argmin(apart))]]

    def drawn_runs(self, optimizer: str) -> list[Trajectory]:
        """Those of ``best_runs`` that the picture shows."""
        return [run for run in self.best_runs(optimizer) if run.x is not None]

    @property
    def minimum(self) -> float:
        """The known minimum; minus infinity where there is none."""
        known = self.facts["minimum"]
        return -np.inf if known is None else float(known)

    @cached_property
    def grid(self) -> tuple[Array, Array, Array] | None:
        """x, y (empty in one dimension) and the gap at each (y, x), or None where there is no grid."""
        row = self._grid_row
        if row is None:
            return None
        x, y = np.asarray(row["x"], float), np.asarray(row["y"], float)
        values = np.asarray(row["values"], float)
        finite = values[np.isfinite(values)]
        # Where no minimum is known, what is lowest in the picture stands in for it.
        gap = values - (self.minimum if np.isfinite(self.minimum) or not len(finite) else finite.min())
        return x, y, gap.reshape(len(y), len(x)) if len(y) else gap

    @cached_property
    def plane(self) -> Plane | None:
        """The plane of its picture; None where that has the loss's own coordinates, or there is none."""
        row = self._grid_row
        if row is None or row["origin"] is None:
            return None
        directions = np.asarray(row["directions"], float).reshape(2, -1)
        return Plane(np.asarray(row["origin"], float), directions, float(row["share"]))

    @property
    def box(self) -> list[tuple[float, float]]:
        """What its picture shows: one interval an axis."""
        if self.plane and self.grid:
            return [(axis[0], axis[-1]) for axis in self.grid[:2]]
        return [(low, high) for low, high in self.facts["domain"][:2]]

    @property
    def minima(self) -> Array:
        """The known minimizers in its picture, [minima, 1 or 2]."""
        points = np.array(self.facts["minima"], float)
        return self.plane.on(points) if self.plane and len(points) else points

    @cached_property
    def _grid_row(self) -> Any:
        found = self.results.grids
        found = found[found["loss"] == self.label]
        return None if found.empty else found.iloc[0]

    @cached_property
    def first_runs(self) -> dict[str, Trajectory]:
        """By cell, the history of its run from the first start with the first seed, where that was kept."""
        runs = self.results.runs
        first = runs[(runs["start"] == runs["start"].min()) & (runs["seed"] == runs["seed"].min())]
        return dict(self._kept(first))

    @cached_property
    def _histories(self) -> dict[str, list[Trajectory]]:
        runs = self.results.runs
        owner = {cell["cell_id"]: name for name, cell in self.best.items()}
        histories: dict[str, list[Trajectory]] = {}
        for cell, run in self._kept(runs[runs["cell_id"].isin(list(owner))]):
            histories.setdefault(owner[cell], []).append(run)
        return histories

    def _kept(self, runs: pd.DataFrame) -> Iterator[tuple[str, Trajectory]]:
        """The cell and the history of each of ``runs`` that has one, by cell, start and seed."""
        solved = hit_column(min(self.results.manifest["targets"]))
        wanted = runs.sort_values(["cell_id", "start", "seed"])
        traces = self.results.traces
        traces = traces[belongs_to_runs(traces["run_id"], wanted["run_id"])].sort_values(["run_id", "step"])
        rows = traces.groupby(traces["run_id"].astype(str), sort=False).indices
        step, loss = traces["step"].to_numpy(int), traces["loss"].to_numpy(float)
        shown = self._shown(traces)
        names = (wanted[name] for name in ("cell_id", "run_id", "start", "outcome"))
        steps = (wanted[name].to_numpy(float, na_value=np.nan) for name in (solved, "diverged_at"))
        for cell, run, start, outcome, *when in zip(*names, *steps, strict=True):
            if (at := rows.get(str(run))) is not None:
                x = shown(str(run), np.asarray(at))
                known = (None if np.isnan(each) else int(each) for each in when)
                yield str(cell), Trajectory(int(start), str(outcome), step[at], loss[at] - self.minimum, x, *known)

    def _shown(self, traces: pd.DataFrame) -> Callable[[str, Array], Array | None]:
        """Gives the positions of a run in the picture, by its id and its rows in ``traces``."""
        if self.facts["dim"] in (1, 2):
            x = lists_to_array(traces["x"])
            return lambda _, rows: x[rows]
        if not self.plane:
            return lambda *_: None
        paths = positions(self.results.paths)
        plane = self.plane
        return lambda run, _: plane.on(paths[run][1]) if run in paths else None


def positions(paths: pd.DataFrame) -> dict[str, tuple[Array, Array]]:
    """By run, the steps and all coordinates [steps, dim] of ``paths.parquet``."""
    ordered = paths.sort_values(["run_id", "step"])
    rows = ordered.groupby(ordered["run_id"].astype(str), sort=False).indices
    step, x = ordered["step"].to_numpy(int), ordered["x"].to_numpy()
    return {str(run): (step[at], np.array(x[at].tolist(), float)) for run, at in rows.items()}


def loss_view(results: Results, label: str) -> LossView:
    """What there is of the loss ``label``."""
    facts = next(fact for fact in results.manifest["losses"] if fact["label"] == label)
    return LossView(results.of_loss(label), facts)


def compared_optimizers(manifest: Mapping[str, Any]) -> list[str]:
    """The labels of the optimizers that are no reference lines; of all, where there is nothing else."""
    facts = manifest["optimizers"]
    return [fact["label"] for fact in facts if not fact.get("reference")] or [fact["label"] for fact in facts]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by column name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def initial_gaps(view: LossView) -> Array:
    """The gaps at the starts that are finite and above zero."""
    at_start = view.results.runs["initial_loss"].to_numpy(dtype=float, na_value=np.nan)
    gaps: Array = at_start - view.minimum
    return gaps[np.isfinite(gaps) & (gaps > 0)]


def median_gap(runs: list[Trajectory], points: int = 96) -> tuple[Array, Array]:
    """Steps, and the median over runs of the gap at each: a run that diverged is infinite after its last step."""
    if not runs:
        return np.empty(0), np.empty(0)
    steps = np.unique(np.concatenate([run.step for run in runs]))
    if len(steps) > points:
        steps = steps[np.unique(np.geomspace(1, len(steps), points).astype(int) - 1)]
    gaps = np.stack([_carried(run, steps) for run in runs])
    middle = int(np.ceil(0.5 * (len(runs) - 1)))
    return steps, np.sort(gaps, axis=0)[middle]


def _carried(run: Trajectory, steps: Array) -> Array:
    at = np.searchsorted(run.step, steps, side="right") - 1
    gap: Array = run.gap[np.maximum(at, 0)]
    return np.where(steps > run.step[-1], np.inf, gap) if run.outcome == "diverged" else gap
