"""The results of one program in a folder of their own, written by the worker that runs it while it runs.

A part is made complete under another name and then renamed, so that it is there whole or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.engine.result import NEVER, Array, ProgramResult
from reportgen.loss import Loss
from reportgen.plan import Program
from reportgen.results import row_encoding, trace_selection
from reportgen.results.files import GRIDS, PATHS, RUNS, TRACES, write_json
from reportgen.results.schema import GRIDS as GRIDS_SCHEMA
from reportgen.results.schema import PATHS as PATHS_SCHEMA
from reportgen.results.schema import TRACES as TRACES_SCHEMA
from reportgen.results.schema import dictionary_columns, runs_schema

STATE = "program.json"

UNFINISHED = ".new-"
"""What the name of a part begins with that is not whole."""

GROUP = 1 << 17
"""Rows of a row group: what a writer or a reader of a large table holds at once."""

Entry = dict[str, Any]
"""What the manifest says of a program."""


class ChunkRunner(Protocol):
    """What runs a program: ``reportgen.engine.run.Engine``."""

    loss: Loss

    def __call__(self, runs: Array, *, traces: bool) -> Iterator[ProgramResult]:
        """The results of some runs, told by their numbers, a tile at a time."""


def store_program(parts: Path, program: Program, engine: ChunkRunner) -> Entry:
    """Run a program and put its results into ``parts``, a tile at a time; its entry for the manifest."""
    with _part(parts, program) as folder:
        with ExitStack() as stack:
            schemas = table_schemas(program.settings.targets)
            writers = {name: stack.enter_context(GroupWriter(folder / name, schemas[name])) for name in schemas}
            last = _written(program, engine, writers)
        entry = _entry(program, "done", None, last.seconds) | {"device": vars(last.device), "note": last.note}
        write_json(folder / STATE, entry)
    return entry


def _written(program: Program, engine: ChunkRunner, writers: Mapping[str, GroupWriter]) -> ProgramResult:
    """The result of the last tile, when all are in the tables."""
    all_traced = trace_selection.traces_all_runs(program)
    ends = []
    for result in engine(np.arange(program.runs), traces=all_traced):
        writers[RUNS].write(row_encoding.encode_runs(program, engine.loss, result))
        writers[PATHS].write(row_encoding.encode_paths(program, result))
        if all_traced:
            writers[TRACES].write(row_encoding.encode_traces(program, result))
        ends.append(np.where(result.columns["diverged_at"] == NEVER, result.columns["final_loss"], np.inf))
    writers[GRIDS].write(row_encoding.encode_grid(program.loss, result.grid))
    if not all_traced:
        # Which runs they are is known only now; a run's steps do not depend on the others', so they are made again.
        for again in engine(trace_selection.traced_runs(program, np.concatenate(ends)), traces=True):
            writers[TRACES].write(row_encoding.encode_traces(program, again))
    return result


def store_failure(parts: Path, program: Program, reason: str) -> None:
    """Put into ``parts`` that a program could not be run, and why."""
    with _part(parts, program) as folder:
        for name, schema in table_schemas(program.settings.targets).items():
            with GroupWriter(folder / name, schema) as writer:
                for begin in range(0, program.runs if name == RUNS else 0, GROUP):
                    runs = np.arange(begin, min(begin + GROUP, program.runs))
                    writer.write(row_encoding.encode_failed_runs(program, runs, reason))
        write_json(folder / STATE, _entry(program, "failed", reason, {}))


def table_schemas(targets: tuple[float, ...]) -> dict[str, pa.Schema]:
    """The schema of each table by file name."""
    return {RUNS: runs_schema(targets), TRACES: TRACES_SCHEMA, GRIDS: GRIDS_SCHEMA, PATHS: PATHS_SCHEMA}


def table_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Writes a table of this package."""
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, use_dictionary=dictionary_columns(schema)
    )


class GroupWriter:
    """Writes a Parquet file in row groups of a fixed size, whatever comes in at once; a context manager."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = table_writer(path, schema)
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._rows:
            self._put(self._joined())
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Take some rows."""
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows < GROUP:
            return
        joined = self._joined()
        whole = len(joined) // GROUP * GROUP
        for begin in range(0, whole, GROUP):
            self._put(joined.slice(begin, GROUP))
        rest = joined.slice(whole)
        self._waiting, self._rows = [rest], len(rest)

    def _joined(self) -> pa.Table:
        return pa.concat_tables(self._waiting).unify_dictionaries()

    def _put(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=GROUP)


@contextmanager
def _part(parts: Path, program: Program) -> Iterator[Path]:
    """A new folder that becomes the program's part when the block ends well, and goes otherwise."""
    parts.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=parts))
    try:
        yield temporary
        final = parts / program.fingerprint
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _entry(program: Program, state: str, reason: str | None, seconds: Mapping[str, float]) -> Entry:
    return {
        "id": program.id,
        "fingerprint": program.fingerprint,
        "loss": program.loss,
        "optimizers": list(dict.fromkeys(cell.optimizer for cell in program.cells)),
        "runs": program.runs,
        "state": state,
        "reason": reason,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
    }


StoreProgram = Callable[[Program, ChunkRunner], Entry]
"""``keep`` with its folder: what a worker does with a program."""
