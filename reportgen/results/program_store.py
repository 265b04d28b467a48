"""Stores the results of one program in its own folder, a part, while the program runs.

A part is written under a temporary name and then renamed, so that it is either complete or missing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from reportgen.engine.result import NEVER, ProgramResult
from reportgen.failure import Failure, write_errors
from reportgen.loss import Loss
from reportgen.plan import IntArray, Program
from reportgen.results import row_encoding, trace_selection
from reportgen.results.errors import NotResultsError
from reportgen.results.files import GRIDS, PATHS, RUNS, TABLES, TRACES, read_json, write_json
from reportgen.results.manifest import DeviceInfo, ProgramEntry
from reportgen.results.schema import GRIDS as GRIDS_SCHEMA
from reportgen.results.schema import PATHS as PATHS_SCHEMA
from reportgen.results.schema import TRACES as TRACES_SCHEMA
from reportgen.results.schema import dictionary_columns, runs_schema

ENTRY = "program.json"
"""The file of a part with its entry for the manifest."""

UNFINISHED_PREFIX = ".new-"
"""Prefix of the name of an incomplete part."""

ROW_GROUP_SIZE = 1 << 17
"""Rows that a writer or a reader of a large table holds in memory at once."""


class ChunkRunner(Protocol):
    """Runs a program in chunks, as ``reportgen.engine.run.Engine`` does."""

    loss: Loss

    def __call__(self, runs: IntArray, *, traces: bool) -> Iterator[ProgramResult]:
        """Yield the results of runs, one chunk of runs at a time.

        Args:
            runs: run numbers, int64 [runs].
            traces: whether the results contain traces.
        """


def store_program(parts: Path, program: Program, engine: ChunkRunner, host: str = "") -> ProgramEntry:
    """Run a program, write its results into a new part one chunk at a time, and return its entry for the manifest.

    Args:
        parts: the folder of all parts.
        program: the program.
        engine: runs the program.
        host: the name of this machine, if the results are for another one.
    """
    with _part(parts, program.fingerprint) as folder:
        with ExitStack() as stack:
            schemas = table_schemas(program.settings.targets)
            writers = {name: stack.enter_context(RowGroupWriter(folder / name, schemas[name])) for name in schemas}
            last = _run_and_write(program, engine, writers)
        entry = replace(
            _entry(program, None),
            seconds={stage: round(seconds, 4) for stage, seconds in last.seconds.items()},
            device=DeviceInfo(**vars(last.device)),
            note=last.note,
            host=host,
        )
        write_json(folder / ENTRY, asdict(entry))
    return entry


def _run_and_write(program: Program, engine: ChunkRunner, writers: Mapping[str, RowGroupWriter]) -> ProgramResult:
    """Write all results; return that of the last chunk."""
    all_traced = trace_selection.traces_all_runs(program)
    final_losses = []
    for result in engine(np.arange(program.runs), traces=all_traced):
        writers[RUNS].write(row_encoding.encode_runs(program, engine.loss, result))
        writers[PATHS].write(row_encoding.encode_paths(program, result))
        if all_traced:
            writers[TRACES].write(row_encoding.encode_traces(program, result))
        diverged = result.columns["diverged_at"] != NEVER
        final_losses.append(np.where(diverged, np.inf, result.columns["final_loss"]))
    writers[GRIDS].write(row_encoding.encode_grid(program.loss, result.grid))
    if not all_traced:
        # The choice depends on the final losses. These runs are repeated: their steps do not depend on other runs.
        for repeated in engine(trace_selection.traced_runs(program, np.concatenate(final_losses)), traces=True):
            writers[TRACES].write(row_encoding.encode_traces(program, repeated))
    return result


def receive_program(parts: Path, program: Program, files: Mapping[str, bytes]) -> None:
    """Write a part that another machine has stored.

    Args:
        parts: the folder of all parts.
        program: its program.
        files: the content of its files by name.

    Raises:
        NotResultsError: it is not the part of this program.
    """
    with _part(parts, program.fingerprint) as folder:
        for name in (*TABLES, ENTRY):
            with write_errors(folder / name):
                (folder / name).write_bytes(files.get(name, b""))
        entry = read_entry(folder)
        if entry is None or entry.fingerprint != program.fingerprint:
            raise NotResultsError(f"the cluster returned other results than those of {program.id}")


def copy_program(
    parts: Path, entry: ProgramEntry, schemas: Mapping[str, pa.Schema], tables: Mapping[str, Iterable[pa.Table]]
) -> None:
    """Write a part from stored rows.

    Args:
        parts: the folder of all parts.
        entry: the entry of the program.
        schemas: the schema of each table by file name.
        tables: the row groups of the program in each table.
    """
    with _part(parts, entry.fingerprint) as folder:
        for name, groups in tables.items():
            with TableWriter(folder / name, schemas[name]) as writer:
                for group in groups:
                    writer.write(group, max(len(group), 1))
        write_json(folder / ENTRY, asdict(entry))


def store_failure(parts: Path, program: Program, failure: Failure) -> None:
    """Write a part for a program that could not be run."""
    with _part(parts, program.fingerprint) as folder:
        for name, schema in table_schemas(program.settings.targets).items():
            with RowGroupWriter(folder / name, schema) as writer:
                for begin in range(0, program.runs if name == RUNS else 0, ROW_GROUP_SIZE):
                    runs = np.arange(begin, min(begin + ROW_GROUP_SIZE, program.runs))
                    writer.write(row_encoding.encode_failed_runs(program, runs, failure))
        write_json(folder / ENTRY, asdict(_entry(program, failure)))


def table_schemas(targets: tuple[float, ...]) -> dict[str, pa.Schema]:
    """Return the schema of each table by file name."""
    return {RUNS: runs_schema(targets), TRACES: TRACES_SCHEMA, GRIDS: GRIDS_SCHEMA, PATHS: PATHS_SCHEMA}


class TableWriter:
    """Writes one of the tables with the compression that all of them use; a context manager.

    All errors of writing are WriteErrors.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        with write_errors(path):
            self._writer = pq.ParquetWriter(
                path, schema, compression="zstd", compression_level=1, use_dictionary=dictionary_columns(schema)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, table: pa.Table, row_group_size: int | None = None) -> None:
        """Write rows in row groups of a size."""
        with write_errors(self._path):
            self._writer.write_table(table, row_group_size=row_group_size)

    def close(self) -> None:
        """Write the footer."""
        with write_errors(self._path):
            self._writer.close()


class RowGroupWriter:
    """Writes a Parquet file in row groups of a fixed size, from tables of any size; a context manager."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = TableWriter(path, schema)
        self._pending: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._rows:
            self._write_group(self._join_pending())
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Add rows; complete row groups are written at once."""
        self._pending.append(table)
        self._rows += len(table)
        if self._rows < ROW_GROUP_SIZE:
            return
        joined = self._join_pending()
        end = len(joined) // ROW_GROUP_SIZE * ROW_GROUP_SIZE
        for begin in range(0, end, ROW_GROUP_SIZE):
            self._write_group(joined.slice(begin, ROW_GROUP_SIZE))
        rest = joined.slice(end)
        self._pending, self._rows = [rest], len(rest)

    def _join_pending(self) -> pa.Table:
        return pa.concat_tables(self._pending).unify_dictionaries()

    def _write_group(self, table: pa.Table) -> None:
        self._writer.write(table, ROW_GROUP_SIZE)


@contextmanager
def _part(parts: Path, fingerprint: str) -> Iterator[Path]:
    """A new folder that becomes the part of the program if the block succeeds, and is deleted otherwise."""
    final = parts / fingerprint
    with write_errors(final):
        parts.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED_PREFIX, dir=parts))
    try:
        yield temporary
        with write_errors(final):
            shutil.rmtree(final, ignore_errors=True)
            temporary.rename(final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _entry(program: Program, failure: Failure | None) -> ProgramEntry:
    return ProgramEntry(
        id=program.id,
        fingerprint=program.fingerprint,
        loss=program.loss,
        optimizers=tuple(dict.fromkeys(cell.optimizer for cell in program.cells)),
        runs=program.runs,
        reason=failure.reason if failure else None,
    )


def read_entry(part: Path) -> ProgramEntry | None:
    """Return the entry of a part; None if there is no readable one."""
    try:
        return TypeAdapter(ProgramEntry).validate_python(read_json(part / ENTRY))
    except ValidationError:
        return None


StoreProgram = Callable[[Program, ChunkRunner], ProgramEntry]
"""``store_program`` for a given folder of parts; a worker calls it with a program and its engine."""
