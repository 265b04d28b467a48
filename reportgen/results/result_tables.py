"""Results read back from disk as pandas tables; reading them runs no code of anyone's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.results.files import GRIDS, MANIFEST, PATHS, RUNS, TRACES, read_json
from reportgen.results.schema import runs_schema

Codes = npt.NDArray[np.intp]


class NotResultsError(ValueError):
    """A folder does not hold results that can be read; the message says what is missing."""


@dataclass(frozen=True)
class Results:
    """The tables of a results folder; the columns are those of ``reportgen.results.schema``."""

    runs: pd.DataFrame
    traces: pd.DataFrame
    grids: pd.DataFrame
    paths: pd.DataFrame
    manifest: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, columns: Sequence[str] | None = None) -> Results:
        """The results in ``folder``, of the runs all ``columns`` or some; NotResultsError where it holds none."""
        manifest = read_manifest(folder)
        runs = _read(folder / RUNS, None if columns is None else list(columns))
        traces, grids, paths = (_read(folder / name) for name in (TRACES, GRIDS, PATHS))
        return cls(runs, traces, grids, paths, manifest)

    @classmethod
    def for_report(cls, folder: Path) -> Results:
        """What a report looks at, which leaves room for millions of runs.

        The runs are without the columns that no page shows, their lists stay in Arrow's form, and only those that
        failed have a reason.
        """
        manifest = read_manifest(folder)
        # One after the other: all at once would be there twice, in Arrow's form and in that of pandas.
        columns = (_read(folder / RUNS, [name], lists=pd.ArrowDtype) for name in report_columns(manifest["targets"]))
        runs = pd.concat(columns, axis=1)
        runs["reason"] = pd.Categorical([None]).take(np.zeros(len(runs), np.int8))
        failed = (runs["outcome"] == "failed").to_numpy()
        if failed.any():
            reasons = _read(folder / RUNS, ["outcome", "reason"], filters=[("outcome", "==", "failed")])["reason"]
            codes = np.full(len(runs), -1)
            codes[failed], texts = pd.factorize(reasons)
            runs["reason"] = pd.Categorical.from_codes(codes, texts)
        traces = _read(folder / TRACES, lists=pd.ArrowDtype)
        return cls(runs, traces, _read(folder / GRIDS), _read(folder / PATHS), manifest)

    def of_loss(self, label: str) -> Results:
        """The same, with the rows of one loss only."""
        labels, codes = self._losses
        if list(labels) == [label]:
            return replace(self, grids=self.grids[self.grids["loss"] == label])
        mine = labels.get_indexer(pd.Index([label]))[0] if label in labels else len(labels)
        tables = zip((self.runs, self.traces, self.paths), codes, strict=True)
        runs, traces, paths = (table.iloc[_rows(code == mine)] for table, code in tables)
        return Results(runs, traces, self.grids[self.grids["loss"] == label], paths, self.manifest)

    @cached_property
    def _losses(self) -> tuple[pd.Index[Any], list[Codes]]:
        """The labels of the losses, and which of them each row of runs, traces and paths is of: told once for all."""
        of_run, labels = pd.factorize(self.runs["loss"].astype(object))
        if len(labels) == 1:
            return labels, []
        runs = pd.Index(self.runs["run_id"].astype(str))
        histories = (self.traces["run_id"], self.paths["run_id"])
        return labels, [of_run, *(_owned(each, runs, of_run) for each in histories)]


def report_columns(targets: Sequence[float]) -> list[str]:
    """The columns of runs that a report looks at, but for the reasons of those that failed."""
    return [name for name in runs_schema(targets).names if name not in _NOT_IN_REPORT]


_UNSEEN = ("dim", "family", "hyperparameters", "x0", "first_unchanged", "best_loss", "best_step", "distance")
_NOT_IN_REPORT = (*_UNSEEN, "final_gradient_norm", "reason")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the results in ``folder``; NotResultsError where it holds none."""
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != 1:
        raise NotResultsError(f"{folder} holds no results: a readable {MANIFEST} is expected in it")
    return manifest


def _owned(owner: pd.Series[Any], runs: pd.Index[Any], of_run: Codes) -> Codes:
    """For each row of a history what its run has in ``of_run``, -1 without one: each name is looked up once."""
    names = owner.astype("category").cat
    at = runs.get_indexer(names.categories.astype(str))
    return np.append(np.append(of_run, -1)[at], -1)[names.codes.to_numpy()]


def _rows(mine: npt.NDArray[np.bool_]) -> slice | npt.NDArray[np.intp]:
    """Where ``mine`` is true; a slice, which copies nothing, where that is one stretch."""
    at = np.flatnonzero(mine)
    if not len(at):
        return slice(0)
    return slice(at[0], at[-1] + 1) if at[-1] - at[0] + 1 == len(at) else at


def read_run_batches(folder: Path, columns: Sequence[str], whole: str, rows: int = 1 << 17) -> Iterator[pd.DataFrame]:
    """Some columns of the runs, some ``rows`` at a time or somewhat more.

    Runs with the same value in the column ``whole`` are expected to be neighbours, as those of a cell are, and come
    together.
    """
    waiting: list[pa.Table] = []
    with pq.ParquetFile(folder / RUNS) as file:
        for group in range(file.num_row_groups):
            waiting.append(file.read_row_group(group, list(columns)))
            if sum(map(len, waiting)) >= rows:
                table = pa.concat_tables(waiting)
                values = table[whole].cast(pa.string())
                last = pc.index(values, values[-1]).as_py()
                waiting = [table.slice(last)]
                if last:
                    yield to_pandas(table.slice(0, last).unify_dictionaries())
    yield to_pandas(pa.concat_tables(waiting).unify_dictionaries())


def belongs_to_runs(owner: pd.Series[Any], runs: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Of each row of a history whether its run is one of ``runs``: a name is looked up once, not for each row."""
    names = owner.astype("category").cat
    return np.append(names.categories.isin(runs), False)[names.codes.to_numpy()]


def _read(path: Path, columns: list[str] | None = None, *, lists: Any = None, filters: Any = None) -> pd.DataFrame:
    try:
        table = pq.read_table(path, columns=columns, filters=filters)
    except (OSError, pa.ArrowException) as error:
        raise NotResultsError(f"{path} cannot be read: {error}") from None
    return to_pandas(table, lists)


def to_pandas(table: pa.Table, lists: Any = None) -> pd.DataFrame:
    """An Arrow table as pandas, which uses it up: texts as categories, steps that may be missing as nullable integers.

    Lists become objects, or what ``lists`` makes of their type.
    """

    def kind(type_: pa.DataType) -> Any:
        return lists(type_) if lists and pa.types.is_list(type_) else _NULLABLE.get(type_)

    frame: pd.DataFrame = table.to_pandas(types_mapper=kind, split_blocks=True, self_destruct=True)
    return frame


_NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def lists_to_array(lists: pd.Series[Any]) -> npt.NDArray[Any]:
    """A column of lists of one length as an array [rows, length], from objects or from Arrow's form."""
    if not len(lists):
        return np.empty((0, 0))
    if isinstance(lists.dtype, pd.ArrowDtype):
        whole = pa.chunked_array(lists.array.__arrow_array__()).combine_chunks()
        return np.asarray(pc.list_flatten(whole).to_numpy(zero_copy_only=False).reshape(len(lists), -1))
    return np.array(lists.tolist(), float)
