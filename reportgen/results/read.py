"""Results read back from disk as pandas tables; reading them runs no code of anyone's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.results.files import MANIFEST, TABLES, read_json


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
    def load(cls, folder: Path) -> Results:
        """The results in ``folder``; raises NotResultsError where it holds none."""
        manifest = read_json(folder / MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("format") != 1:
            raise NotResultsError(f"{folder} holds no results: a readable {MANIFEST} is expected in it")
        runs, traces, grids, paths = (_read(folder / name) for name in TABLES)
        return cls(runs, traces, grids, paths, manifest)

    def of_loss(self, label: str) -> Results:
        """The same, with the rows of one loss only."""
        runs = self.runs[self.runs["loss"] == label]
        ids = set(runs["run_id"])
        traces, paths = (table[table["run_id"].isin(ids)] for table in (self.traces, self.paths))
        return Results(runs, traces, self.grids[self.grids["loss"] == label], paths, self.manifest)


def _read(path: Path) -> pd.DataFrame:
    try:
        return to_pandas(pq.read_table(path))
    except (OSError, pa.ArrowException) as error:
        raise NotResultsError(f"{path} cannot be read: {error}") from None


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as pandas: texts as categories, steps that may be missing as nullable integers."""
    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get)
    return frame
