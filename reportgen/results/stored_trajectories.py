"""Trajectories on disk, of which only those of one loss are in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.results import schema
from reportgen.results.errors import NotResultsError
from reportgen.results.files import PATHS, TRACES
from reportgen.results.manifest import Manifest
from reportgen.results.pandas_tables import to_pandas
from reportgen.results.run_checks import RunKeys, dims_of
from reportgen.results.table_columns import check_columns, read_columns, read_row_groups
from reportgen.results.trajectory_checks import PLANE, TrajectoryChecks, check_same_steps, check_values


@dataclass(frozen=True)
class StoredTable:
    """One table of trajectories, which is open: if the file is replaced, this is the old one."""

    path: Path
    file: pq.ParquetFile
    groups: Mapping[str, Sequence[int]]
    """By label of a loss, the row groups with its rows."""
    shared: frozenset[int]
    """The row groups that have rows of several losses."""
    _last: dict[tuple[int, ...], pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    """What was read last. Small losses share a row group."""

    def is_shared(self, loss: str) -> bool:
        """Whether the row groups of a loss have rows of other losses as well."""
        return not self.shared.isdisjoint(self.groups.get(loss, ()))

    def read(self, loss: str) -> pd.DataFrame:
        """Return the row groups with the rows of a loss, columns of lists in Arrow's format."""
        groups = tuple(self.groups.get(loss, ()))
        if groups not in self._last:
            self._last.clear()
            self._last[groups] = to_pandas(read_row_groups(self.path, self.file, groups), arrow_lists=True)
        return self._last[groups]


@dataclass(frozen=True)
class StoredTrajectories:
    """Both tables of trajectories, after a check."""

    traces: StoredTable
    paths: StoredTable

    def read_all(self) -> tuple[pa.Table, pa.Table]:
        """Return the whole tables."""
        traces, paths = (read_columns(each.path, each.file.schema_arrow.names) for each in (self.traces, self.paths))
        return traces, paths


def check_stored_trajectories(folder: Path, keys: RunKeys, manifest: Manifest) -> StoredTrajectories:
    """Check both tables of trajectories on disk, and return them.

    Args:
        folder: a results folder.
        keys: its runs.
        manifest: the losses with their dimensions, and the number of steps.

    Raises:
        NotResultsError: a row is wrong, or a path has other steps than the trace of the run.
    """
    dims = dims_of(manifest.losses)
    dim = np.array([dims.get(label, 0) for label in keys.losses], np.int64)
    checks = [
        TrajectoryChecks(folder / TRACES, keys, np.minimum(dim, PLANE), manifest.steps),
        TrajectoryChecks(folder / PATHS, keys, dim, manifest.steps),
    ]
    traces = _checked(folder / TRACES, schema.TRACES, checks[0], keys)
    paths = _checked(folder / PATHS, schema.PATHS, checks[1], keys)
    check_same_steps(folder, checks[0].finish(), checks[1].finish())
    return StoredTrajectories(traces, paths)


def _checked(path: Path, expected: pa.Schema, checks: TrajectoryChecks, keys: RunKeys) -> StoredTable:
    check_columns(path, expected)
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise NotResultsError(f"{path}: cannot be read: {error}") from None
    groups: dict[str, list[int]] = {}
    shared = set()
    for group in range(file.num_row_groups):
        table = read_row_groups(path, file, [group])
        losses = {keys.losses[cell] for cell in checks.add(table)}
        if expected is schema.TRACES:
            check_values(path, table)
        for loss in losses:
            groups.setdefault(loss, []).append(group)
        if len(losses) > 1:
            shared.add(group)
    return StoredTable(path, file, groups, frozenset(shared))
