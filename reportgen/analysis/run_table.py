"""Runs with everything that is needed to analyse them, and what is computed from them once for all who ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array, cell_table
from reportgen.analysis.cross_fitting import Resamples, all_resamples
from reportgen.analysis.resampling import Design, resampling_designs
from reportgen.analysis.runtime_arrays import Unit, runtime_arrays
from reportgen.analysis.trials import Trials, trials
from reportgen.results.manifest import LossInfo

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.result_tables import Results


@dataclass(frozen=True)
class RunTable:
    """Some runs, and the facts of the matrix that they belong to."""

    runs: pd.DataFrame
    """One row per run, see ``reportgen.results.schema``."""
    targets: Sequence[float]
    """Shares of a gap, which is the column ``scale`` of ``runs``."""
    steps: int
    """Steps that each run was given."""
    losses: Sequence[LossInfo]
    optimizers: Sequence[str]
    """Labels."""
    random_starts: int
    """Starts 1 to this number were drawn at random."""
    known_cells: pd.DataFrame | None = field(default=None, repr=False)
    """The table of configurations of exactly these runs, if it was computed before."""

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The table of configurations, see ``cell_table``."""
        if self.known_cells is not None:
            return self.known_cells
        return cell_table(self.runs, self.targets, [loss.label for loss in self.losses], self.optimizers)

    @cached_property
    def run_cells(self) -> Array:
        """Row in ``cells`` of each run, int [runs]."""
        import pandas as pd

        rows: Array = pd.Index(self.cells["cell_id"]).get_indexer(pd.Index(self.runs["cell_id"].astype(str)))
        return rows

    @cached_property
    def designs(self) -> list[Design]:
        """What is random in each configuration, for resampling."""
        start, seed = self.runs["start"].to_numpy(int), self.runs["seed"].to_numpy(int)
        is_random = (start >= 1) & (start <= self.random_starts)
        noisy = [loss.label for loss in self.losses if loss.noise]
        is_noisy = self.runs["loss"].isin(noisy).to_numpy(bool)
        return resampling_designs(self.run_cells, start, seed, is_random, is_noisy)

    @cached_property
    def trials(self) -> dict[str, Trials]:
        """The runs on each loss as arrays, by its label."""
        return trials(self)

    @cached_property
    def resamples(self) -> dict[str, Resamples]:
        """Resamples of the random starts or seeds of each loss, by its label."""
        return all_resamples(self.trials.values())

    def runtimes(self, unit: Unit) -> tuple[Array, Array]:
        """Runtimes [runs, targets], infinite without a hit, and the budget that each run spent [runs], in ``unit``."""
        if unit not in self._runtimes:
            self._runtimes[unit] = runtime_arrays(self.runs, self.targets, self.steps, unit)
        return self._runtimes[unit]

    @cached_property
    def _runtimes(self) -> dict[Unit, tuple[Array, Array]]:
        return {}

    @cached_property
    def minima(self) -> Mapping[str, float | None]:
        """Known minimum by the label of the loss."""
        return {loss.label: loss.minimum for loss in self.losses}

    @cached_property
    def run_minima(self) -> Array:
        """Known minimum of the loss of each run, float [runs]; minus infinity if none is known."""
        known = {label: -np.inf if minimum is None else minimum for label, minimum in self.minima.items()}
        return self.runs["loss"].astype(str).map(known).to_numpy(float)

    def select(self, cells: pd.DataFrame) -> RunTable:
        """The runs of some ``cells``, rows of a table made by ``cell_table``."""
        chosen = self.runs["cell_id"].isin(cells["cell_id"].astype(str))
        return replace(self, runs=self.runs[chosen], known_cells=cells.reset_index(drop=True))

    def on(self, losses: Sequence[str], optimizers: Sequence[str]) -> RunTable:
        """The runs of some optimizers on some losses, both by label."""
        chosen = self.runs["loss"].isin(losses) & self.runs["optimizer"].isin(optimizers)
        return self if chosen.all() else replace(self, runs=self.runs[chosen], known_cells=None)


def run_table(results: Results, known_cells: pd.DataFrame | None = None) -> RunTable:
    """The runs of ``results``; ``known_cells`` is their table of configurations, if it was computed before."""
    manifest = results.manifest
    return RunTable(
        results.runs,
        manifest.targets,
        manifest.steps,
        manifest.losses,
        manifest.optimizer_labels,
        manifest.random_starts,
        known_cells,
    )
