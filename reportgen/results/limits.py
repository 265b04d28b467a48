"""Size limits of results, checked before anything is decoded.

A Parquet file of a few kilobytes can stand for billions of equal rows. Up to the number of rows below, a report fits
into 2 GiB. A larger table is read only if its file is as large as that of real results, which hardly compress.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.regular_files import open_regular
from reportgen.results.errors import NotResultsError
from reportgen.results.files import GRIDS, PATHS, RUNS, TRACES

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MOST_ROWS = {RUNS: 10**7, TRACES: 2 * 10**7, GRIDS: 10**4, PATHS: 2 * 10**7}
"""Rows of each table that are read in any case."""
BYTES_PER_ROW = 8
"""A table with more rows needs a file of at least this many bytes per row. Real tables have 20 and more."""
MOST_NUMBERS = 10**8
"""Numbers in a column of lists that are read in any case: 800 MB."""
NUMBERS_PER_BYTE = 4
"""A table with more numbers needs a file of at least one byte for this many of them."""
MOST_COLUMNS = 1000
MOST_FOOTER_BYTES = 1 << 28
"""Bytes that describe the columns and row groups of a table."""
MOST_MANIFEST_BYTES = 1 << 28
MOST_DEPTH = 50
"""Levels of the manifest."""
MOST_LABEL = 1000
"""Characters of the label of a loss or an optimizer."""
MOST_TEXT = 1_000_000
"""Characters of any other text."""
MOST_BYTES_OF_TEXT = 10_000
"""Bytes of the id of a run, or of the reason of a failure."""
MOST_BYTES_OF_TEXTS = 10**9
"""Bytes of all of these in a column that is read whole. A report reads each different reason once."""
MOST_TARGETS = 100
MOST_RATES = 10_000
"""Learning rates of one optimizer."""
MOST_CELLS = 1_000_000
"""Configurations."""

_TRAILER_BYTES = 8
"""The end of a Parquet file: the size of its footer, and four letters."""


def check_size(path: Path) -> pq.FileMetaData:
    """Return the metadata of a table, of which nothing else is read.

    Raises:
        NotResultsError: it is not a Parquet file, or it is too large.
    """
    import pyarrow as pa  # takes a tenth of a second, which a build with nothing to do has not
    import pyarrow.parquet as pq

    try:
        size = path.stat().st_size
        with open_regular(path) as file:
            file.seek(max(size - _TRAILER_BYTES, 0))
            footer = int.from_bytes(file.read(_TRAILER_BYTES)[:4], "little")
            _check(path, footer if footer < size else 0, MOST_FOOTER_BYTES, "bytes in its footer")
            metadata = pq.read_metadata(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, NotResultsError):
            raise
        raise NotResultsError(f"{path}: not a Parquet file; expected {path.name} of a results folder") from None
    _check(path, metadata.num_columns, MOST_COLUMNS, "columns")
    _check(path, metadata.num_rows, max(MOST_ROWS.get(path.name, MOST_ROWS[RUNS]), size // BYTES_PER_ROW), "rows")
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    for column in range(metadata.num_columns):
        if metadata.schema.column(column).max_repetition_level:
            numbers = sum(group.column(column).num_values for group in groups)
            _check(path, numbers, max(MOST_NUMBERS, size * NUMBERS_PER_BYTE), "numbers in a column")
    return metadata


def _check(path: Path, found: int, limit: int, noun: str) -> None:
    if not 0 <= found <= limit:
        raise NotResultsError(f"{path}: found {found:,} {noun}; expected at most {limit:,} in a file of this size")
