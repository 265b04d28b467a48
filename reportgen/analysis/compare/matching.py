"""Which runs of two results are the same runs, and which of those are bitwise identical."""

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
from reportgen.results.manifest import NotResultsError
from reportgen.results.pandas_tables import to_pandas
from reportgen.results.schema import evaluations_column, hit_column, runs_schema

KEYS = ["loss", "optimizer", "learning_rate", "start", "seed"]
"""Together with the position of the start, these identify a run. Changed default hyperparameters are reported in
``comparability``, not matched."""
_CELL = KEYS[:3]
_COLUMNS = [
    *KEYS,
    *(
        "cell_id",
        "outcome",
        "steps",
        "gradient_evaluations",
        "initial_loss",
        "final_loss",
        "gap",
        "scale",
        "left_target",
    ),
]
_NOT_RESULTS = {*KEYS, "run_id", "cell_id", "dim", "family", "hyperparameters", "x0", "reason"}
"""Columns that describe a run instead of its result."""


@dataclass(frozen=True)
class MatchedRuns:
    """The runs that two results have in common, row by row, and the configurations in one of them only."""

    base: pd.DataFrame
    head: pd.DataFrame
    equal: Array
    """Whether a run is bitwise identical, bool [runs]."""
    removed: pd.DataFrame
    """loss, optimizer and learning_rate of the configurations of base without a run in head."""
    added: pd.DataFrame
    """The same for head."""
    sizes: tuple[int, int]
    """Number of all runs of base and of head."""
    shared: tuple[int, int]
    """Of these, the runs of configurations that both have."""


def match_runs(base: ResultsLocation, head: ResultsLocation) -> MatchedRuns:
    """Match the runs of two results.

    Raises:
        NotResultsError: a table has a run twice.
    """
    keys = [_read(side.runs, KEYS) for side in (base, head)]
    for column in ("loss", "optimizer"):
        both = pd.api.types.union_categoricals([each[column].astype("category") for each in keys])
        keys[0][column], keys[1][column] = both[: len(keys[0])], both[len(keys[0]) :]
    for side, each in zip((base, head), keys, strict=True):
        if each.duplicated().any():
            raise NotResultsError(f"{side.runs}: a run occurs twice, with the same configuration, start and seed")
    codes = [each.assign(row=np.arange(len(each))) for each in keys]
    joined = codes[0].merge(codes[1], on=KEYS, suffixes=("_base", "_head"))
    rows = joined["row_base"].to_numpy(), joined["row_head"].to_numpy()
    same_start = _same_lists(base.runs, head.runs, "x0", rows, allow_empty=True)
    rows = rows[0][same_start], rows[1][same_start]
    hits = [column(target) for target in base.info.targets for column in (hit_column, evaluations_column)]
    frames = []
    for side, at in zip((base, head), rows, strict=True):
        stored = pq.read_schema(side.runs).names
        frame = _read(side.runs, [*_COLUMNS, *(name for name in hits if name in stored)])
        frames.append(frame.iloc[at].reset_index(drop=True))
    removed, added = (_unmatched_cells(each, at) for each, at in zip(keys, rows, strict=True))
    return MatchedRuns(
        base=frames[0],
        head=frames[1],
        equal=_equal_runs(base.runs, head.runs, rows),
        removed=removed,
        added=added,
        sizes=(len(keys[0]), len(keys[1])),
        shared=_in_shared_cells(*keys),
    )


def _in_shared_cells(base: pd.DataFrame, head: pd.DataFrame) -> tuple[int, int]:
    """How many runs of base and of head are in configurations that both have."""
    sizes = [side.groupby(_CELL, observed=True).size() for side in (base, head)]
    both = pd.concat(sizes, axis=1, join="inner")
    return int(both[0].sum()), int(both[1].sum())


def _unmatched_cells(keys: pd.DataFrame, rows: Array) -> pd.DataFrame:
    """The configurations in ``keys`` without any of the matched ``rows``."""
    cell = keys.groupby(_CELL, sort=False, observed=True).ngroup().to_numpy()
    is_matched = np.isin(cell, np.unique(cell[rows]))
    return keys.loc[~is_matched, _CELL].drop_duplicates().reset_index(drop=True)


def _equal_runs(base: Path, head: Path, rows: tuple[Array, Array]) -> Array:
    """Whether runs have equal results, bool [runs]. One column at a time, so memory holds only two columns."""
    same = np.ones(len(rows[0]), bool)
    schema, stored = runs_schema(()), [set(pq.read_schema(path).names) for path in (base, head)]
    for name in sorted((stored[0] & stored[1]) - _NOT_RESULTS):
        kind = schema.field(name).type if name in schema.names else pa.int32()
        if pa.types.is_list(kind):
            same &= _same_lists(base, head, name, rows)
            continue
        before, after = (_column(path, name).take(pa.array(at)) for path, at in zip((base, head), rows, strict=True))
        if pa.types.is_dictionary(kind):
            same &= np.asarray(pc.equal(before.cast(pa.string()), after.cast(pa.string())))
        else:
            same &= _bits(before) == _bits(after)
    return same


def _bits(column: pa.Array) -> Array:
    """The bits of numbers as integers, with one pattern for NaN and missing ones."""
    numbers = np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), float)
    numbers[np.isnan(numbers)] = np.nan
    return numbers.view(np.int64)


def _same_lists(base: Path, head: Path, name: str, rows: tuple[Array, Array], *, allow_empty: bool = False) -> Array:
    """Whether lists are bitwise identical. With ``allow_empty``, empty lists (failed losses) equal any."""
    lists = [_column(path, name).take(pa.array(at)) for path, at in zip((base, head), rows, strict=True)]
    sizes = [np.asarray(pc.fill_null(pc.list_value_length(each), 0)) for each in lists]
    same: Array = sizes[0] == sizes[1]
    owner = np.repeat(np.flatnonzero(same), sizes[0][same])
    flat = [_bits(pc.list_flatten(each.filter(pa.array(same)))) for each in lists]
    same[owner[flat[0] != flat[1]]] = False
    return same | ((sizes[0] == 0) | (sizes[1] == 0)) if allow_empty else same


def _column(path: Path, name: str) -> pa.Array:
    return pq.read_table(path, columns=[name])[name].combine_chunks()


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    return to_pandas(pq.read_table(path, columns=columns))
