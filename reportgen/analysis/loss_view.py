"""Everything that figures and pages show of one loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reportgen.analysis.best_cells import best_cells, shown_cells
from reportgen.analysis.cells import Array, CellRow, cell_rows
from reportgen.analysis.run_table import RunTable, run_table
from reportgen.engine.result import Plane
from reportgen.results.manifest import LossInfo, Manifest
from reportgen.results.result_tables import belongs_to_runs, is_in, lists_to_array
from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.loss import Interval
    from reportgen.results.result_tables import Results

SHOWN_STARTS = 12
"""Paths are drawn from the standard start and from at most this many starts in total."""


@dataclass(frozen=True)
class Trajectory:
    """The sampled trajectory of one run."""

    start: int
    outcome: str
    step: Array
    """int [points]"""
    gap: Array
    """float [points]"""
    x: Array | None
    """Position in the picture of its loss, float [points, 1 or 2]; None if it is not known."""
    solved_at: int | None = None
    """The step at which the tightest target was first hit."""
    diverged_at: int | None = None


class LossGrid(NamedTuple):
    """The gap on the grid of a picture."""

    x: Array
    """float [columns]"""
    y: Array
    """float [rows]; empty in one dimension."""
    gap: Array
    """float [rows, columns], or [columns] in one dimension."""


@dataclass(frozen=True)
class LossView:
    """One loss: its facts, its configurations and, on demand, the trajectories of its runs."""

    results: Results
    """With the runs of this loss only."""
    info: LossInfo
    known_cells: pd.DataFrame | None = field(default=None, repr=False)
    """The configurations of this loss, if they were computed before."""

    @property
    def label(self) -> str:
        """Label of the loss."""
        return self.info.label

    @property
    def manifest(self) -> Manifest:
        """Of the whole matrix."""
        return self.results.manifest

    @cached_property
    def optimizers(self) -> list[str]:
        """All labels, in the order of their colours."""
        return list(self.manifest.optimizer_labels)

    @cached_property
    def table(self) -> RunTable:
        """The runs of this loss."""
        return run_table(self.results, self.known_cells)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per configuration that is shown."""
        return shown_cells(self.table.cells, self.manifest)

    @cached_property
    def best_table(self) -> pd.DataFrame:
        """The rows of ``cells`` that are the best of their optimizer."""
        return best_cells(self.cells)

    @cached_property
    def best_run_table(self) -> RunTable:
        """The runs of the best configurations."""
        return self.table.select(self.best_table)

    @cached_property
    def best(self) -> dict[str, CellRow]:
        """The best configuration of each optimizer that has one."""
        return {row.optimizer: row for row in cell_rows(self.best_table, self.manifest.targets)}

    @property
    def from_start(self) -> str:
        """Where the first runs begin: ``the standard start``, or ``the first start`` if that is another one."""
        return "the standard start" if self.manifest.config.starts.standard else "the first start"

    @property
    def compared_optimizers(self) -> tuple[str, ...]:
        """The labels without reference optimizers."""
        return self.manifest.compared_optimizers

    @property
    def best_compared(self) -> dict[str, CellRow]:
        """``best`` without reference optimizers."""
        return {name: cell for name, cell in self.best.items() if name in self.compared_optimizers}

    @cached_property
    def best_first(self) -> list[CellRow]:
        """The best configurations, the best optimizer first."""
        return sorted(self.best.values(), key=lambda cell: (*cell.sort_key, cell.steps_to_target))

    def of_optimizer(self, label: str) -> pd.DataFrame:
        """The configurations of one optimizer, by learning rate."""
        return self.cells[self.cells["optimizer"] == label]

    @cached_property
    def rows(self) -> list[CellRow]:
        """The configurations as rows, in the order of ``cells``."""
        return cell_rows(self.cells, self.manifest.targets)

    def cells_by_rate(self, label: str) -> dict[float, CellRow]:
        """The configurations of one optimizer by their column in ``manifest.rate_columns``."""
        return self._cells_by_rate.get(label, {})

    @cached_property
    def _cells_by_rate(self) -> dict[str, dict[float, CellRow]]:
        found: dict[str, dict[float, CellRow]] = {}
        for row in self.rows:
            found.setdefault(row.optimizer, {})[self.manifest.rate_column(row.learning_rate)] = row
        return found

    def best_runs(self, optimizer: str) -> list[Trajectory]:
        """The trajectories of an optimizer's best configuration, by start. A failed run has none."""
        return self._trajectories.get(optimizer, [])

    def curve_runs(self, optimizer: str) -> list[Trajectory]:
        """The trajectories over which the curve of an optimizer's best configuration is the median."""
        runs = self.best_runs(optimizer)
        return curve_runs(runs, self.best[optimizer]) if runs else []

    def drawn_runs(self, optimizer: str) -> list[Trajectory]:
        """The trajectories in ``best_runs`` that have positions in the picture."""
        return [run for run in self.best_runs(optimizer) if run.x is not None]

    @property
    def minimum(self) -> float:
        """The known minimum; minus infinity if none is known."""
        return -np.inf if self.info.minimum is None else self.info.minimum

    @cached_property
    def grid(self) -> LossGrid | None:
        """The gap on the grid of the picture; None if there is no grid."""
        row = self._grid_row
        if row is None:
            return None
        x, y = np.asarray(row["x"], float), np.asarray(row["y"], float)
        values = np.asarray(row["values"], float)
        finite = values[np.isfinite(values)]
        # If no minimum is known, the lowest value in the picture replaces it.
        gap = values - (self.minimum if np.isfinite(self.minimum) or not len(finite) else finite.min())
        return LossGrid(x, y, gap.reshape(len(y), len(x)) if len(y) else gap)

    @cached_property
    def plane(self) -> Plane | None:
        """The plane of the picture; None if the picture has the loss's own coordinates, or there is no picture."""
        row = self._grid_row
        if row is None or row["origin"] is None:
            return None
        directions = np.asarray(row["directions"], float).reshape(2, -1)
        return Plane(np.asarray(row["origin"], float), directions, float(row["share"]))

    @property
    def box(self) -> list[Interval]:
        """What the picture shows: one interval per axis."""
        if self.plane and self.grid:
            return [(axis[0], axis[-1]) for axis in self.grid[:2]]
        return list(self.info.domain[:2])

    @property
    def minima(self) -> Array:
        """The known minimizers in the coordinates of the picture, float [minima, 1 or 2]."""
        points = np.array(self.info.minima, float)
        return self.plane.on(points) if self.plane and len(points) else points

    @cached_property
    def _grid_row(self) -> pd.Series | None:
        grids = self.results.grids
        grids = grids[grids["loss"] == self.label]
        return None if grids.empty else grids.iloc[0]

    @cached_property
    def first_runs(self) -> dict[str, Trajectory]:
        """By configuration, the trajectory from the first start with the first seed, if it was stored."""
        runs = self.results.runs
        first = runs[(runs["start"] == runs["start"].min()) & (runs["seed"] == runs["seed"].min())]
        return dict(self._stored(first))

    @cached_property
    def _trajectories(self) -> dict[str, list[Trajectory]]:
        runs = self.results.runs
        optimizer = {cell.cell_id: name for name, cell in self.best.items()}
        found: dict[str, list[Trajectory]] = {}
        for cell, run in self._stored(runs[runs["cell_id"].isin(list(optimizer))]):
            found.setdefault(optimizer[cell], []).append(run)
        return found

    def release(self) -> None:
        """Forget the trajectories, which are read again if they are needed."""
        for name in ("first_runs", "_trajectories"):
            vars(self).pop(name, None)

    def trajectories_by_cell(self) -> dict[str, list[Trajectory]]:
        """The stored trajectories of each configuration, without positions. They are not kept: there may be many."""
        found: dict[str, list[Trajectory]] = {}
        for cell, run in self._stored(self.results.runs, positions=False):
            found.setdefault(cell, []).append(run)
        return found

    def _stored(self, runs: pd.DataFrame, *, positions: bool = True) -> Iterator[tuple[str, Trajectory]]:
        """The configuration and the trajectory of each of ``runs`` that has one, by configuration, start and seed."""
        solved = hit_column(min(self.manifest.targets))
        traces = self.results.trajectories(self.label)[0]
        stored = traces["run_id"].astype("category").cat.categories
        wanted = runs[is_in(runs["run_id"], stored)].sort_values(["cell_id", "start", "seed"])
        traces = traces[belongs_to_runs(traces["run_id"], wanted["run_id"])].sort_values(["run_id", "step"])
        rows = traces.groupby(traces["run_id"].astype(str), sort=False).indices
        step, loss = traces["step"].to_numpy(int), traces["loss"].to_numpy(float)
        picture_x = self._picture_positions(traces) if positions else lambda *_: None
        names = (wanted[name] for name in ("cell_id", "run_id", "start", "outcome"))
        steps = (wanted[name].to_numpy(float, na_value=np.nan) for name in (solved, "diverged_at"))
        for cell, run, start, outcome, *when in zip(*names, *steps, strict=True):
            if (at := rows.get(str(run))) is not None:
                x = picture_x(str(run), np.asarray(at))
                known = (None if np.isnan(each) else int(each) for each in when)
                yield str(cell), Trajectory(int(start), str(outcome), step[at], loss[at] - self.minimum, x, *known)

    def _picture_positions(self, traces: pd.DataFrame) -> Callable[[str, Array], Array | None]:
        """A function from a run's id and its rows in ``traces`` to its positions in the picture."""
        if self.info.dim in (1, 2):
            x = lists_to_array(traces["x"])
            return lambda _, rows: x[rows]
        if not self.plane:
            return lambda *_: None
        paths = positions(self.results.trajectories(self.label)[1])
        plane = self.plane
        return lambda run, _: plane.on(paths[run][1]) if run in paths else None


def positions(paths: pd.DataFrame) -> dict[str, tuple[Array, Array]]:
    """By run, the steps [points] and all coordinates [points, dim] in ``paths.parquet``."""
    ordered = paths.sort_values(["run_id", "step"])
    rows = ordered.groupby(ordered["run_id"].astype(str), sort=False).indices
    step, x = ordered["step"].to_numpy(int), ordered["x"].to_numpy()
    return {str(run): (step[at], np.array(x[at].tolist(), float)) for run, at in rows.items()}


def loss_view(results: Results, label: str, known_cells: pd.DataFrame | None = None) -> LossView:
    """The view of the loss ``label``; ``known_cells`` are its configurations, if they were computed before."""
    return LossView(results.of_loss(label), results.manifest.loss(label), known_cells)


def initial_gaps(view: LossView) -> Array:
    """The gaps at the starts that are finite and above zero, float [runs or fewer]."""
    at_start = view.results.runs["initial_loss"].to_numpy(dtype=float, na_value=np.nan)
    gaps: Array = at_start - view.minimum
    return gaps[np.isfinite(gaps) & (gaps > 0)]


def tightest_gap(view: LossView) -> float:
    """The gap of the tightest target; if targets differ from run to run, their median; 0 if no target is known."""
    scale = view.results.runs["scale"].to_numpy(dtype=float, na_value=np.nan)
    known = scale[np.isfinite(scale)]
    return min(view.manifest.targets) * float(np.median(known)) if len(known) else 0.0


def curve_runs(runs: list[Trajectory], cell: CellRow) -> list[Trajectory]:
    """Return the trajectories over which the curve of a configuration is the median: all of its runs.

    If not all were stored, the one of the run that ends at the median gap.
    """
    if not runs or len(runs) == cell.runs:
        return runs
    ends = np.array([np.inf if run.outcome == "diverged" else run.gap[-1] for run in runs])
    with np.errstate(invalid="ignore"):
        distance = np.where(ends == cell.gap_median, 0, np.abs(ends - cell.gap_median))
    return [runs[int(np.argmin(distance))]]


def median_gap(runs: list[Trajectory], points: int = 96) -> tuple[Array, Array]:
    """Steps, int [steps], and the median gap of the runs at each, float [steps]; infinite after a run diverged.

    Args:
        runs: the trajectories.
        points: the most steps that are returned.
    """
    if not runs:
        return np.empty(0), np.empty(0)
    steps, gaps = _sorted_gaps(runs, points)
    return steps, gaps[_middle(len(runs))]


def gap_quartiles(runs: list[Trajectory], points: int = 96) -> tuple[Array, Array, Array]:
    """Steps, int [steps], and the quartiles of the gaps at each, two float [steps]; infinite after a run diverged.

    Args:
        runs: the trajectories; at least one.
        points: the most steps that are returned.
    """
    steps, gaps = _sorted_gaps(runs, points)
    last = len(runs) - 1
    return steps, gaps[int(np.floor(0.25 * last))], gaps[int(np.ceil(0.75 * last))]


def _sorted_gaps(runs: list[Trajectory], points: int) -> tuple[Array, Array]:
    """At most ``points`` steps, int [steps], and the gaps of all runs there, ascending, float [runs, steps]."""
    steps = np.unique(np.concatenate([run.step for run in runs]))
    if len(steps) > points:
        steps = steps[np.unique(np.geomspace(1, len(steps), points).astype(int) - 1)]
    return steps, _gaps_at(runs, steps)


def median_gap_at(runs: Sequence[Trajectory], steps: Array) -> Array:
    """The median gap of one or more runs at some steps, float [steps]; infinite after a run diverged."""
    median: Array = _gaps_at(runs, steps)[_middle(len(runs))]
    return median


def _middle(runs: int) -> int:
    """The place of the median among ascending values; of an even number, the second of the two middle ones."""
    return int(np.ceil(0.5 * (runs - 1)))


def _gaps_at(runs: Sequence[Trajectory], steps: Array) -> Array:
    """The gaps of all runs at some steps, ascending, float [runs, steps]."""
    return np.sort(np.stack([_gap_at(run, steps) for run in runs]), axis=0)


def _gap_at(run: Trajectory, steps: Array) -> Array:
    at = np.searchsorted(run.step, steps, side="right") - 1
    gap: Array = run.gap[np.maximum(at, 0)]
    if run.outcome == "escaped":  # below the minimum, a gap means nothing
        return np.where(gap < 0, np.inf, gap)
    return np.where(steps > run.step[-1], np.inf, gap) if run.outcome == "diverged" else gap
