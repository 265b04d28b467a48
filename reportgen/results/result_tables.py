"""Reads results from disk as pandas tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.results import schema
from reportgen.results.basin_table import BasinMap, read_basins
from reportgen.results.errors import NotResultsError
from reportgen.results.files import RUNS
from reportgen.results.manifest import Manifest
from reportgen.results.pandas_tables import to_pandas
from reportgen.results.run_checks import IDENTITY, RunChecks, optional_columns
from reportgen.results.schema import runs_schema
from reportgen.results.stored_trajectories import StoredTrajectories, check_stored_trajectories
from reportgen.results.table_checks import read_grids
from reportgen.results.table_columns import check_columns, read_columns
from reportgen.results.table_digests import read_whole_manifest

Codes = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Results:
    """The tables of a results folder, with the columns in ``reportgen.results.schema``."""

    runs: pd.DataFrame
    traces: pd.DataFrame
    grids: pd.DataFrame
    paths: pd.DataFrame
    manifest: Manifest
    basins: Sequence[BasinMap] = ()
    """Maps of basins of attraction; only in results for a report."""
    stored: StoredTrajectories | None = None
    """Where the trajectories are instead of in ``traces`` and ``paths``; only in results for a report."""

    @classmethod
    def load(cls, folder: Path, columns: Sequence[str] | None = None) -> Results:
        """Return the results in ``folder``.

        Args:
            folder: a results folder.
            columns: the columns of runs to read; None: all.

        Raises:
            NotResultsError: there are none, or they cannot be read.
        """
        manifest = read_whole_manifest(folder)
        path = folder / RUNS
        names = check_columns(path, runs_schema(manifest.targets), optional_columns(manifest.targets))
        wanted = [name for name in names if columns is None or name in columns]
        checks = RunChecks(path, manifest.targets, manifest)
        table = read_columns(path, [name for name in names if name in wanted or name in IDENTITY])
        for name, column in zip(table.column_names, table.columns, strict=True):
            checks.column(name, column)
        keys = checks.finish()
        runs = to_pandas(table.select(wanted))
        traces, paths = map(to_pandas, check_stored_trajectories(folder, keys, manifest).read_all())
        return cls(runs, traces, to_pandas(read_grids(folder, manifest)), paths, manifest)

    @classmethod
    def for_report(cls, folder: Path) -> Results:
        """Return what a report needs of the results in ``folder``, which fits into memory for millions of runs.

        The runs have only the columns that a report needs, only failed runs have a reason, and the trajectories stay
        on disk.

        Raises:
            NotResultsError: there are no results, or they cannot be read.
        """
        manifest = read_whole_manifest(folder)
        path, checks = folder / RUNS, RunChecks(folder / RUNS, manifest.targets, manifest)
        stored = check_columns(path, runs_schema(manifest.targets), optional_columns(manifest.targets))
        names = (name for name in report_columns(manifest) if name in stored)
        # One column at a time: reading all at once would hold everything twice, as Arrow and as pandas.
        runs = pd.concat((_checked_column(path, name, checks) for name in names), axis=1)
        stored_trajectories = check_stored_trajectories(folder, checks.finish(), manifest)
        traces, paths = (to_pandas(each.empty_table(), arrow_lists=True) for each in (schema.TRACES, schema.PATHS))
        grids = to_pandas(read_grids(folder, manifest))
        runs["reason"] = pd.Categorical([None]).take(np.zeros(len(runs), np.int8))
        failed = (runs["outcome"] == "failed").to_numpy()
        if failed.any():
            reasons = _read_failed_reasons(path)
            codes = np.full(len(runs), -1)
            codes[failed] = reasons.codes
            runs["reason"] = pd.Categorical.from_codes(codes, reasons.categories)
        return cls(runs, traces, grids, paths, manifest, read_basins(folder, manifest), stored_trajectories)

    def trajectories(self, loss: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the rows of traces and paths of a loss, columns of lists in Arrow's format if they are on disk.

        Raises:
            NotResultsError: they cannot be read.
        """
        if self.stored is None:
            part = self.of_loss(loss)
            return part.traces, part.paths
        tables = [each.read(loss) for each in (self.stored.traces, self.stored.paths)]
        if any(each.is_shared(loss) for each in (self.stored.traces, self.stored.paths)):
            runs = self.runs["run_id"][self.runs["loss"] == loss]
            tables = [table[belongs_to_runs(table["run_id"], runs)] for table in tables]
        return tables[0], tables[1]

    def without_rate_only(self) -> Results:
        """Return the results without the optimizers of which only the learning rate is tuned."""
        left_out = self.manifest.rate_only
        if not left_out:
            return self
        optimizers = tuple(each for each in self.manifest.optimizers if not each.rate_only_of)
        runs = self.runs[~self.runs["optimizer"].isin(left_out)]
        traces, paths = (each[belongs_to_runs(each["run_id"], runs["run_id"])] for each in (self.traces, self.paths))
        manifest = replace(self.manifest, optimizers=optimizers)
        return replace(self, runs=runs, traces=traces, paths=paths, manifest=manifest)

    def of_loss(self, label: str) -> Results:
        """Return the results on one loss; the manifest remains that of all losses."""
        labels, codes = self._loss_codes
        if list(labels) == [label]:
            return replace(self, grids=self.grids[self.grids["loss"] == label])
        code = labels.get_indexer(pd.Index([label]))[0] if label in labels else len(labels)
        tables = zip((self.runs, self.traces, self.paths), codes, strict=True)
        runs, traces, paths = (table.iloc[_row_indexer(row_codes == code)] for table, row_codes in tables)
        grids = self.grids[self.grids["loss"] == label]
        return Results(runs, traces, grids, paths, self.manifest, stored=self.stored)

    @cached_property
    def _loss_codes(self) -> tuple[pd.Index, list[Codes]]:
        """The labels of the losses, and the index of its label for each row of runs, traces and paths.

        The arrays are missing if there is only one loss. They are cached, because a report needs them for each loss.
        """
        run_codes, labels = pd.factorize(self.runs["loss"].astype(object))
        if len(labels) == 1:
            return labels, []
        if self.stored is not None:
            return labels, [run_codes, np.empty(0, np.intp), np.empty(0, np.intp)]
        run_ids = pd.Index(self.runs["run_id"].astype(str))
        if not run_ids.is_unique:  # the index needs the same table to look up rows
            raise NotResultsError("runs.parquet: column run_id: found a run_id twice; expected different ones")
        columns = (self.traces["run_id"], self.paths["run_id"])
        return labels, [run_codes, *(_codes_of_rows(column, run_ids, run_codes) for column in columns)]


def report_columns(manifest: Manifest) -> list[str]:
    """Return the columns of runs that a report needs, without ``reason``, which it needs of failed runs only."""
    left_out = _NOT_IN_REPORT - {"hyperparameters"} if manifest.is_tuned else _NOT_IN_REPORT
    return [name for name in runs_schema(manifest.targets).names if name not in left_out]


_NOT_IN_REPORT = {
    *("dim", "family", "hyperparameters", "x0", "first_unchanged", "best_loss", "best_step", "distance"),
    *("final_gradient_norm", "reason"),
}


def _codes_of_rows(column: pd.Series[str], run_ids: pd.Index, run_codes: Codes) -> Codes:
    """For each row the code of its run, -1 if there is no such run. Each distinct id is looked up only once."""
    categories = column.astype("category").cat
    runs = run_ids.get_indexer(categories.categories.astype(str))
    return np.append(np.append(run_codes, -1)[runs], -1)[categories.codes.to_numpy()]


def _row_indexer(mask: BoolArray) -> slice | Codes:
    """The rows where ``mask`` is true; as a slice, which copies nothing, if they are contiguous."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return slice(0)
    return slice(rows[0], rows[-1] + 1) if rows[-1] - rows[0] + 1 == len(rows) else rows


def read_run_batches(
    folder: Path, columns: Sequence[str], group_column: str, rows: int = 1 << 17
) -> Iterator[pd.DataFrame]:
    """Yield the runs in ``folder`` in batches that never split a group.

    Args:
        folder: a results folder.
        columns: the columns to read.
        group_column: as in ``run_batches``.
        rows: as in ``run_batches``.
    """
    with pq.ParquetFile(folder / RUNS) as file:
        groups = (file.read_row_group(group, list(columns)) for group in range(file.num_row_groups))
        yield from run_batches(groups, group_column, rows)


def run_batches(row_groups: Iterable[pa.Table], group_column: str, rows: int = 1 << 17) -> Iterator[pd.DataFrame]:
    """Yield runs in batches that never split a group.

    Args:
        row_groups: the runs in any pieces.
        group_column: runs with equal values in this column are a group; they must be neighbours, like those of a cell.
        rows: minimum number of rows of a batch, except for the last one.
    """
    pending: list[pa.Table] = []
    for row_group in row_groups:
        pending.append(row_group)
        if sum(map(len, pending)) >= rows:
            table = pa.concat_tables(pending)
            values = table[group_column].cast(pa.string())
            last = pc.index(values, values[-1]).as_py()
            pending = [table.slice(last)]
            if last:
                yield to_pandas(table.slice(0, last).unify_dictionaries())
    yield to_pandas(pa.concat_tables(pending).unify_dictionaries())


def belongs_to_runs(run_ids: pd.Series[str], runs: pd.Series[str]) -> BoolArray:
    """Return for each row of a table whether its run is one of ``runs``.

    Args:
        run_ids: the column ``run_id`` of the table, [rows]. Each distinct id is looked up only once.
        runs: ids of runs.

    Returns:
        A mask, bool [rows].
    """
    categories = run_ids.astype("category").cat
    return np.append(is_in(categories.categories, runs), False)[categories.codes.to_numpy()]


def is_in(texts: pd.Series[str] | pd.Index, among: pd.Series[str] | pd.Index) -> BoolArray:
    """Return whether each text is one of others, bool [texts]; much faster than pandas, which makes Python texts."""
    found: BoolArray = np.asarray(pc.is_in(_arrow_texts(texts), value_set=_arrow_texts(among)))
    return found


def _arrow_texts(texts: pd.Series[str] | pd.Index) -> pa.Array:
    found = pa.array(texts, from_pandas=True)
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return found.cast(pa.large_string())


def _checked_column(path: Path, name: str, checks: RunChecks) -> pd.DataFrame:
    table = read_columns(path, [name])
    checks.column(name, table[name])
    return to_pandas(table, arrow_lists=True)


def _read_failed_reasons(path: Path) -> pd.Categorical[str]:
    """The reasons of the failed runs."""
    table = read_columns(path, ["outcome", "reason"], keep=("reason",))
    failed = table.filter(pc.equal(table["outcome"], "failed")).unify_dictionaries()
    return pd.Categorical(to_pandas(failed)["reason"]).remove_unused_categories()


def lists_to_array(lists: pd.Series) -> FloatArray:
    """Convert a column of lists of equal length, in Arrow's format or objects, to an array, float64 [rows, length]."""
    if not len(lists):
        return np.empty((0, 0))
    if isinstance(lists.dtype, pd.ArrowDtype):
        chunk = pa.chunked_array(lists.array.__arrow_array__()).combine_chunks()
        return np.asarray(pc.list_flatten(chunk).to_numpy(zero_copy_only=False).reshape(len(lists), -1))
    return np.array(lists.tolist(), float)
