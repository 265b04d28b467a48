"""Reads the columns of a table after its size, its columns and their types have been checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.results.errors import NotResultsError, shown
from reportgen.results.limits import MOST_BYTES_OF_TEXT, MOST_BYTES_OF_TEXTS, check_size

Codes = npt.NDArray[np.int32]


def check_columns(path: Path, expected: pa.Schema, optional: frozenset[str] = frozenset()) -> list[str]:
    """Return the names of the columns of a table, in its order.

    Args:
        path: the table.
        expected: its columns. Others are not allowed, and neither are other types.
        optional: names of columns that may be missing.

    Raises:
        NotResultsError: it is not such a table, or it is too large.
    """
    check_size(path)
    schema = read_schema(path)
    if len(set(schema.names)) < len(schema.names):
        raise NotResultsError(f"{path}: found two columns of the same name; expected different names")
    for field in schema:
        if field.name not in expected.names:
            raise NotResultsError(f"{path}: found a column {shown(field.name)}; expected only columns of {path.name}")
        kind = expected.field(field.name).type
        if field.type != kind:
            raise NotResultsError(f"{path}: column {field.name}: found {shown(field.type)}; expected {kind}")
    missing = [name for name in expected.names if name not in schema.names and name not in optional]
    if missing:
        raise NotResultsError(f"{path}: missing column {', '.join(missing[:4])}")
    return list(schema.names)


def read_schema(path: Path) -> pa.Schema:
    """Return the schema of a table. Raises NotResultsError if it cannot be read."""
    try:
        return pq.read_schema(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None


def read_columns(path: Path, names: list[str], *, keep: tuple[str, ...] = ()) -> pa.Table:
    """Return columns of a table, with valid texts.

    Args:
        path: the table.
        names: the columns.
        keep: columns of texts that stay as they are stored, each different text once.

    Raises:
        NotResultsError: they cannot be read.
    """
    try:
        # A small file can stand for many copies of a long text. So texts are measured before they are copied.
        texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type) and field.name in names]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            table = file.read(columns=names)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if name in texts:
                _check_plain_texts(path, name, column, whole=name not in keep)
            else:
                for chunk in column.chunks:
                    _check_dictionary(path, name, chunk)
        for name in set(texts) - set(keep):
            place = table.column_names.index(name)
            table = table.set_column(place, name, table[name].cast(pa.string()))
        return table
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, NotResultsError):
            raise
        raise _unreadable(path, error) from None


def read_row_groups(path: Path, file: pq.ParquetFile, groups: Sequence[int]) -> pa.Table:
    """Return some row groups of an open table without plain texts, as ``read_columns`` does."""
    try:
        table = file.read_row_groups(list(groups))
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                _check_dictionary(path, name, chunk)
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, NotResultsError):
            raise
        raise _unreadable(path, error) from None
    return table


def _check_plain_texts(path: Path, name: str, column: pa.ChunkedArray, *, whole: bool) -> None:
    total = 0
    for chunk in column.chunks:
        chunk.dictionary.validate(full=True)
        lengths = pc.binary_length(chunk.dictionary)
        longest = pc.max(lengths).as_py() or 0
        if longest > MOST_BYTES_OF_TEXT:
            raise NotResultsError(
                f"{path}: column {name}: found a text of {longest:,} bytes; expected at most {MOST_BYTES_OF_TEXT:,}"
            )
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if whole and total > MOST_BYTES_OF_TEXTS:
        raise NotResultsError(
            f"{path}: column {name}: found {total:,} bytes of text; expected at most {MOST_BYTES_OF_TEXTS:,}"
        )


def _check_dictionary(path: Path, name: str, chunk: pa.Array) -> None:
    if not pa.types.is_dictionary(chunk.type):
        return
    texts = chunk.dictionary
    texts.validate(full=True)
    if texts.null_count or (len(texts) > 1 and pc.count_distinct(texts).as_py() < len(texts)):
        raise NotResultsError(f"{path}: column {name}: found a text twice in its dictionary; expected different texts")


def _unreadable(path: Path, error: Exception) -> NotResultsError:
    # Some of pyarrow's messages have several lines.
    lines = str(error).splitlines() or [type(error).__name__]
    return NotResultsError(f"{path}: cannot be read: {shown(lines[0]) if not lines[0].isprintable() else lines[0]}")


def check_numbers(path: Path, name: str, column: pa.ChunkedArray, low: int, high: int) -> None:
    """Raise NotResultsError unless all integers of a column that are not null are from ``low`` to ``high``."""
    ends = pc.min_max(column).as_py()
    for found in (ends["min"], ends["max"]):
        if found is not None and not low <= found <= high:
            raise NotResultsError(f"{path}: column {name}: found {found}; expected {low} to {high}")


def check_no_nulls(path: Path, name: str, column: pa.ChunkedArray) -> None:
    """Raise NotResultsError if a value of a column is null."""
    if column.null_count:
        raise NotResultsError(f"{path}: column {name}: found {column.null_count:,} nulls; expected none")


def codes_of(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Return a code for each row of a column of texts without nulls, int32 [rows], and the text of each code."""
    unified = column.unify_dictionaries()
    if not unified.num_chunks:
        return np.empty(0, np.int32), []
    codes = [chunk.indices.to_numpy() for chunk in unified.chunks]
    return np.concatenate(codes), unified.chunk(0).dictionary.to_pylist()


def list_lengths(path: Path, name: str, column: pa.ChunkedArray) -> Codes:
    """Return the length of each list in a column, int32 [rows]; -1 for null.

    Raises:
        NotResultsError: an element of a list is null.
    """
    if any(pc.list_flatten(chunk).null_count for chunk in column.chunks):
        raise NotResultsError(f"{path}: column {name}: found a null in a list; expected numbers")
    lengths = [pc.fill_null(pc.list_value_length(chunk), -1).to_numpy() for chunk in column.chunks]
    return np.concatenate(lengths) if lengths else np.empty(0, np.int32)
