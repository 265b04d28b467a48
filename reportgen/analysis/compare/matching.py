"""Which runs of two results are the same runs, and which of those are equal bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.analysis.cells import Array
from reportgen.results.location import ResultsLocation
from reportgen.results.result_tables import NotResultsError, to_pandas
from reportgen.results.schema import hit_column, runs_schema

KEYS = ["loss", "optimizer", "learning_rate", "start", "seed"]
"""With the position of the start these name a run; hyperparameters that are not in its label are told, not matched."""
_CELL = KEYS[:3]
_LOOKED_AT = [*KEYS, "cell_id", "outcome", "steps", "gradient_evaluations", "initial_loss", "best_loss", "gap"]
_NAMES = {*KEYS, "run_id", "cell_id", "dim", "family", "hyperparameters", "x0", "reason"}


@dataclass(frozen=True)
class MatchedRuns:
    """The runs that two results have in common, row by row, and the cells that only one of them has."""

    base: pd.DataFrame
    head: pd.DataFrame
    equal: Array
    """Whether a run is equal bit by bit, [runs]."""
    removed: pd.DataFrame
    """loss, optimizer and learning_rate of the cells of base that have no run in head."""
    added: pd.DataFrame
    sizes: tuple[int, int]
    """All runs of base, all of head."""


def match_runs(base: ResultsLocation, head: ResultsLocation) -> MatchedRuns:
    """Pair the runs of two results; NotResultsError where a run is twice in one of them."""
    keys = [_read(side.runs, KEYS) for side in (base, head)]
    for column in ("loss", "optimizer"):
        both = pd.api.types.union_categoricals([each[column].astype("category") for each in keys])
        keys[0][column], keys[1][column] = both[: len(keys[0])], both[len(keys[0]) :]
    for side, each in zip((base, head), keys, strict=True):
        if each.duplicated().any():
            raise NotResultsError(f"{side.runs}: has a run twice: same cell, start and seed")
    codes = [each.assign(row=np.arange(len(each))) for each in keys]
    joined = codes[0].merge(codes[1], on=KEYS, suffixes=("_base", "_head"))
    rows = joined["row_base"].to_numpy(), joined["row_head"].to_numpy()
    same_start = _same_lists(base.runs, head.runs, "x0", rows, either_empty=True)
    rows = rows[0][same_start], rows[1][same_start]
    hits = [hit_column(target) for target in base.manifest["targets"]]
    frames = []
    for side, at in zip((base, head), rows, strict=True):
        known = pq.read_schema(side.runs).names
        frame = _read(side.runs, [*_LOOKED_AT, *(name for name in hits if name in known)])
        frames.append(frame.iloc[at].reset_index(drop=True))
    removed, added = (_only(each, at) for each, at in zip(keys, rows, strict=True))
    return MatchedRuns(
        frames[0], frames[1], _equal(base.runs, head.runs, rows), removed, added, (len(keys[0]), len(keys[1]))
    )


def _only(keys: pd.DataFrame, rows: Array) -> pd.DataFrame:
    """The cells of ``keys`` that have none of the matched ``rows``."""
    cell = keys.groupby(_CELL, sort=False, observed=True).ngroup().to_numpy()
    there = np.isin(cell, np.unique(cell[rows]))
    return keys.loc[~there, _CELL].drop_duplicates().reset_index(drop=True)


def _equal(base: Path, head: Path, rows: tuple[Array, Array]) -> Array:
    """Whether runs are equal in all that they came to, a column at a time: memory is that of two columns."""
    same = np.ones(len(rows[0]), bool)
    schema, there = runs_schema(()), [set(pq.read_schema(path).names) for path in (base, head)]
    for name in sorted((there[0] & there[1]) - _NAMES):
        kind = schema.field(name).type if name in schema.names else pa.int32()
        if pa.types.is_list(kind):
            same &= _same_lists(base, head, name, rows)
            continue
        one, other = (_column(path, name).take(pa.array(at)) for path, at in zip((base, head), rows, strict=True))
        if pa.types.is_dictionary(kind):
            same &= np.asarray(pc.equal(one.cast(pa.string()), other.cast(pa.string())))
        else:
            same &= _bits(one) == _bits(other)
    return same


def _bits(column: pa.Array) -> Array:
    """Numbers by their bits, with one pattern for those that are missing or no number."""
    numbers = np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), float)
    numbers[np.isnan(numbers)] = np.nan
    return numbers.view(np.int64)


def _same_lists(base: Path, head: Path, name: str, rows: tuple[Array, Array], *, either_empty: bool = False) -> Array:
    """Whether lists are equal bit by bit; with ``either_empty`` also where one is, as that of a loss that is broken."""
    lists = [_column(path, name).take(pa.array(at)) for path, at in zip((base, head), rows, strict=True)]
    sizes = [np.asarray(pc.fill_null(pc.list_value_length(each), 0)) for each in lists]
    same: Array = sizes[0] == sizes[1]
    of = np.repeat(np.flatnonzero(same), sizes[0][same])
    flat = [_bits(pc.list_flatten(each.filter(pa.array(same)))) for each in lists]
    same[of[flat[0] != flat[1]]] = False
    return same | ((sizes[0] == 0) | (sizes[1] == 0)) if either_empty else same


def _column(path: Path, name: str) -> pa.Array:
    return pq.read_table(path, columns=[name])[name].combine_chunks()


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    return to_pandas(pq.read_table(path, columns=columns))
