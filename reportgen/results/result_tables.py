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

from reportgen.results.basin_table import BasinMap, read_basins
from reportgen.results.errors import NotResultsError
from reportgen.results.files import GRIDS, PATHS, RUNS, TRACES
from reportgen.results.manifest import Manifest
from reportgen.results.run_checks import IDENTITY, RunChecks, RunKeys, optional_columns
from reportgen.results.schema import runs_schema
from reportgen.results.table_checks import read_other_tables
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
        return cls(runs, *_read_others(folder, keys, manifest), manifest)

    @classmethod
    def for_report(cls, folder: Path) -> Results:
        """Return what a report needs of the results in ``folder``, which fits into memory for millions of runs.

        The runs have only the columns that a report needs, columns of lists stay in Arrow's format, and only failed
        runs have a reason.

        Raises:
            NotResultsError: there are no results, or they cannot be read.
        """
        manifest = read_whole_manifest(folder)
        path, checks = folder / RUNS, RunChecks(folder / RUNS, manifest.targets, manifest)
        stored = check_columns(path, runs_schema(manifest.targets), optional_columns(manifest.targets))
        names = (name for name in report_columns(manifest.targets) if name in stored)
        # One column at a time: reading all at once would hold everything twice, as Arrow and as pandas.
        runs = pd.concat((_checked_column(path, name, checks) for name in names), axis=1)
        others = _read_others(folder, checks.finish(), manifest, arrow_lists=True)
        runs["reason"] = pd.Categorical([None]).take(np.zeros(len(runs), np.int8))
        failed = (runs["outcome"] == "failed").to_numpy()
        if failed.any():
            reasons = _read_failed_reasons(path)
            codes = np.full(len(runs), -1)
            codes[failed] = reasons.codes
            runs["reason"] = pd.Categorical.from_codes(codes, reasons.categories)
        return cls(runs, *others, manifest, read_basins(folder, manifest))

    def of_loss(self, label: str) -> Results:
        """Return the results on one loss; the manifest remains that of all losses."""
        labels, codes = self._loss_codes
        if list(labels) == [label]:
            return replace(self, grids=self.grids[self.grids["loss"] == label])
        code = labels.get_indexer(pd.Index([label]))[0] if label in labels else len(labels)
        tables = zip((self.runs, self.traces, self.paths), codes, strict=True)
        runs, traces, paths = (table.iloc[_row_indexer(row_codes == code)] for table, row_codes in tables)
        return Results(runs, traces, self.grids[self.grids["loss"] == label], paths, self.manifest)

    @cached_property
    def _loss_codes(self) -> tuple[pd.Index, list[Codes]]:
        """The labels of the losses, and the index of its label for each row of runs, traces and paths.

        The arrays are missing if there is only one loss. They are cached, because a report needs them for each loss.
        """
        run_codes, labels = pd.factorize(self.runs["loss"].astype(object))
        if len(labels) == 1:
            return labels, []
        run_ids = pd.Index(self.runs["run_id"].astype(str))
        if not run_ids.is_unique:  # the index needs the same table to look up rows
            raise NotResultsError("runs.parquet: column run_id: found a run_id twice; expected different ones")
        columns = (self.traces["run_id"], self.paths["run_id"])
        return labels, [run_codes, *(_codes_of_rows(column, run_ids, run_codes) for column in columns)]


def report_columns(targets: Sequence[float]) -> list[str]:
    """Return the columns of runs that a report needs, without ``reason``, which it needs of failed runs only."""
    return [name for name in runs_schema(targets).names if name not in _NOT_IN_REPORT]


_NOT_IN_REPORT = (
    *("dim", "family", "hyperparameters", "x0", "first_unchanged", "best_loss", "best_step", "distance"),
    *("final_gradient_norm", "reason"),
)


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
    return np.append(categories.categories.isin(runs), False)[categories.codes.to_numpy()]


def _checked_column(path: Path, name: str, checks: RunChecks) -> pd.DataFrame:
    table = read_columns(path, [name])
    checks.column(name, table[name])
    return to_pandas(table, arrow_lists=True)


def _read_failed_reasons(path: Path) -> pd.Categorical[str]:
    """The reasons of the failed runs."""
    table = read_columns(path, ["outcome", "reason"], keep=("reason",))
    failed = table.filter(pc.equal(table["outcome"], "failed")).unify_dictionaries()
    return pd.Categorical(to_pandas(failed)["reason"]).remove_unused_categories()


def _read_others(
    folder: Path, keys: RunKeys, manifest: Manifest, *, arrow_lists: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The traces, grids and paths, which must belong to the runs."""
    tables = read_other_tables(folder, keys, manifest)
    traces = to_pandas(tables.pop(TRACES), arrow_lists=arrow_lists)
    return traces, to_pandas(tables.pop(GRIDS)), to_pandas(tables.pop(PATHS))


def to_pandas(table: pa.Table, *, arrow_lists: bool = False) -> pd.DataFrame:
    """Convert an Arrow table to pandas, and free its memory on the way.

    Texts become categories, and integers nullable integers.

    Args:
        table: the table, unusable afterwards.
        arrow_lists: whether columns of lists stay in Arrow's format; otherwise they become objects.
    """

    def pandas_dtype(dtype: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
        return pd.ArrowDtype(dtype) if arrow_lists and pa.types.is_list(dtype) else _NULLABLE.get(dtype)

    frame: pd.DataFrame = table.to_pandas(types_mapper=pandas_dtype, split_blocks=True, self_destruct=True)
    return frame


_NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def lists_to_array(lists: pd.Series) -> FloatArray:
    """Convert a column of lists of equal length, in Arrow's format or objects, to an array, float64 [rows, length]."""
    if not len(lists):
        return np.empty((0, 0))
    if isinstance(lists.dtype, pd.ArrowDtype):
        chunk = pa.chunked_array(lists.array.__arrow_array__()).combine_chunks()
        return np.asarray(pc.list_flatten(chunk).to_numpy(zero_copy_only=False).reshape(len(lists), -1))
    return np.array(lists.tolist(), float)
