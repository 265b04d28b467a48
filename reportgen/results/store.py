"""Stores the results of a matrix: first one folder per program, at the end one file per table.

While a matrix runs, each finished program has a folder ``parts/<fingerprint>``, its part. ``finish`` joins the parts in
the order of the plan into the tables, and writes the manifest last. A program of an earlier matrix that is not in the
plan becomes a part again, so that it need not run again when it returns.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reportgen.engine.result import Grid
from reportgen.failure import Failure
from reportgen.plan import Program
from reportgen.results import row_encoding
from reportgen.results.errors import NotResultsError
from reportgen.results.files import GRIDS, PARTS, RUNS, SHARD_RECORD, TABLES, TRACES, sha256
from reportgen.results.limits import check_size
from reportgen.results.manifest import FileInfo, Manifest, ProgramEntry, find_manifest, write_manifest
from reportgen.results.manifest_index import indexed_programs
from reportgen.results.pandas_tables import to_pandas
from reportgen.results.program_store import (
    UNFINISHED_PREFIX,
    StoreProgram,
    TableWriter,
    copy_program,
    read_entry,
    receive_program,
    store_failure,
    store_program,
    table_schemas,
)
from reportgen.results.replacement import replacement
from reportgen.results.result_tables import Results, report_columns, run_batches
from reportgen.results.run_checks import check_stored_runs
from reportgen.results.table_checks import check_tables
from reportgen.results.table_columns import check_columns, read_columns
from reportgen.results.table_digests import damaged_tables

KEPT_BYTES = 1 << 30
"""Size limit of the programs that are not in the matrix. Those that were stored first are removed first."""


class StoredProgram(Protocol):
    """What the store needs to know of a program to find its results."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that determines the results."""

    @property
    def loss(self) -> str:
        """The label of its loss."""


class Store:
    """The results of one matrix in ``folder``, and of programs that earlier matrices had."""

    def __init__(self, folder: Path) -> None:
        """Open the results folder, and remove incomplete parts."""
        self.folder = folder
        self._parts = folder / PARTS
        self._open(_undamaged_programs(folder))
        self._adopted: dict[str, tuple[ProgramEntry, Path]] = {}
        """Parts in other folders by fingerprint, with their entries."""
        self._unchecked = set(self._parts.iterdir()) if self._parts.is_dir() else set()
        """Parts of earlier processes, which may be damaged."""
        for unfinished in self._parts.glob(f"{UNFINISHED_PREFIX}*"):  # left by a killed process
            shutil.rmtree(unfinished, ignore_errors=True)

    def _open(self, entries: Mapping[str, ProgramEntry]) -> None:
        """Use the joined tables of these programs."""
        self._finished = entries
        self._groups = _group_ranges(entries.values())

    def has(self, program: Program) -> bool:
        """Whether the results of exactly this program are stored. A failed program counts as missing: it runs again."""
        self.check_part(program.fingerprint, program.runs, program.settings.targets)
        return self.succeeded(program)

    def check_part(self, fingerprint: str, runs: int, targets: tuple[float, ...]) -> None:
        """Remove the part of a program if an earlier process has left it damaged. Each part is checked once.

        Args:
            fingerprint: of the program.
            runs: its number of runs.
            targets: the targets of the matrix.
        """
        part = self._part(fingerprint)
        if part in self._unchecked and read_entry(part) is not None:
            if not _is_whole(part, runs, targets):
                shutil.rmtree(part, ignore_errors=True)
            self._unchecked.remove(part)

    def entry(self, program: StoredProgram) -> ProgramEntry | None:
        """Return what is known of a stored program, which may have failed; None if it is missing."""
        adopted = self._adopted.get(program.fingerprint)
        if adopted:
            return adopted[0]
        found = read_entry(self._part(program.fingerprint))
        if found is not None and self._has_part(program.fingerprint):
            return found
        return self._finished.get(program.fingerprint)

    def succeeded(self, program: StoredProgram) -> bool:
        """Whether a program is stored and has not failed."""
        found = self.entry(program)
        return found is not None and not found.failed

    def adopt(self, part: Path, entry: ProgramEntry, targets: tuple[float, ...]) -> bool:
        """Use the part of a program in another folder, which stays there. Returns whether it is whole.

        Args:
            part: the folder of the part.
            entry: what must be in it; its number of runs is checked.
            targets: the targets of the matrix.
        """
        whole = _is_whole(part, entry.runs, targets)
        if whole:
            self._adopted[entry.fingerprint] = entry, part
        return whole

    @property
    def store_program(self) -> StoreProgram:
        """Runs a program and stores its results; can be called in another process."""
        return partial(store_program, self._parts.absolute())

    def store_failure(self, program: Program, failure: Failure) -> None:
        """Store a program that could not be run, with its failure as the reason."""
        store_failure(self._parts, program, failure)

    def receive(self, program: Program, files: Mapping[str, bytes]) -> None:
        """Store the files that another machine has stored of a program; NotResultsError if they are not its own."""
        receive_program(self._parts, program, files)

    def results(self, programs: Sequence[Program], manifest: Manifest) -> Results:
        """Return the results of stored programs as pandas tables, with the columns that a report needs.

        Args:
            programs: programs for which ``has`` holds, or with a stored failure.
            manifest: the manifest of the matrix, which becomes that of the results.
        """
        tables = []
        for name, schema in table_schemas(manifest.targets).items():
            columns = report_columns(manifest) if name == RUNS else schema.names
            groups = (group for program in programs for group in self._row_groups(program, name, columns))
            joined = pa.concat_tables([schema.empty_table().select(columns), *groups]).unify_dictionaries()
            tables.append(to_pandas(joined, arrow_lists=name in (RUNS, TRACES)))
        runs, traces, grids, paths = tables
        return Results(runs, traces, grids.drop_duplicates("loss"), paths, manifest)

    def run_batches(self, programs: Sequence[Program], columns: list[str]) -> Iterator[pd.DataFrame]:
        """Yield some columns of the runs of stored programs, in batches that never split a configuration."""
        groups = (group for program in programs for group in self._row_groups(program, RUNS, columns))
        return run_batches(groups, "cell_id")

    def finish(
        self, programs: Sequence[StoredProgram], manifest: Manifest, planes: Mapping[str, Grid | None]
    ) -> Manifest:
        """Write the tables and the manifest of a matrix, then remove its parts. Returns the complete manifest.

        Args:
            programs: the programs in the order of the plan, all of them stored.
            manifest: its manifest; programs, device and files are added.
            planes: the grid of each loss that is drawn on a plane, by label; None: no background.
        """
        self._keep_others({program.fingerprint for program in programs})
        with replacement(self.folder) as folder:
            group_counts = self._join(folder, programs, manifest, planes)
            stored = ((self.entry(program), group_counts[program.fingerprint]) for program in programs)
            entries = tuple(replace(entry, groups=counts) for entry, counts in stored if entry)
            complete = replace(
                manifest,
                programs=entries,
                device=next((entry.device for entry in entries if entry.device), None),
                files={name: FileInfo((folder / name).stat().st_size, sha256(folder / name)) for name in TABLES},
            )
            write_manifest(folder, complete)
        (self.folder / SHARD_RECORD).unlink(missing_ok=True)  # the folder holds the whole matrix now
        self._adopted.clear()
        for program in programs:
            shutil.rmtree(self._part(program.fingerprint), ignore_errors=True)
        self.remove_others(KEPT_BYTES)
        self._open(indexed_programs(self.folder, complete))
        return complete

    def _join(
        self, folder: Path, programs: Sequence[StoredProgram], manifest: Manifest, planes: Mapping[str, Grid | None]
    ) -> dict[str, dict[str, int]]:
        """Write the tables of a matrix; return how many row groups each program has in each of them."""
        group_counts: dict[str, dict[str, int]] = {program.fingerprint: {} for program in programs}
        for name, schema in table_schemas(manifest.targets).items():
            with TableWriter(folder / name, schema) as writer:
                if name == GRIDS:
                    for table in self._grids(programs, planes):
                        writer.write(table)
                    continue
                for program in programs:
                    counts = group_counts[program.fingerprint]
                    counts[name] = 0
                    for group in self._row_groups(program, name):
                        writer.write(group, max(len(group), 1))
                        counts[name] += 1
        return group_counts

    def remove_others(self, limit: int = 0) -> int:
        """Remove the programs that are not in the tables until at most ``limit`` bytes of them are left.

        Those that were stored first are removed first.

        Returns:
            The number of bytes that were removed.
        """
        removed = total = 0
        parts = filter(Path.is_dir, self._parts.iterdir()) if self._parts.is_dir() else ()
        for part in sorted(parts, key=lambda part: (part.stat().st_mtime_ns, part.name), reverse=True):
            size = sum(file.stat().st_size for file in part.iterdir())
            total += size
            if total > limit:
                shutil.rmtree(part, ignore_errors=True)
                removed += size
        with contextlib.suppress(OSError):
            self._parts.rmdir()  # only if it is empty
        return removed

    def _keep_others(self, planned: Collection[str]) -> None:
        """Write a part for each program in the tables that is not planned, since the tables are replaced."""
        for fingerprint, entry in self._finished.items():
            if fingerprint in planned or entry.failed or self._has_part(fingerprint):
                continue
            tables = {name: self._joined_groups(fingerprint, entry.loss, name) for name in TABLES}
            schemas = {name: pq.read_schema(self.folder / name) for name in TABLES}
            copy_program(self._parts, replace(entry, groups=None), schemas, tables)

    def _grids(self, programs: Sequence[StoredProgram], planes: Mapping[str, Grid | None]) -> Iterator[pa.Table]:
        for program in self._one_per_loss(programs):
            if program.loss in planes:
                yield row_encoding.encode_grid(program.loss, planes[program.loss])
            else:
                yield from self._row_groups(program, GRIDS)

    def _part(self, fingerprint: str) -> Path:
        return self._parts / fingerprint

    def _has_part(self, fingerprint: str) -> bool:
        return all(_is_complete(self._part(fingerprint) / name) for name in TABLES)

    def _one_per_loss(self, programs: Sequence[StoredProgram]) -> Collection[StoredProgram]:
        """For each loss its first program that succeeded, or its first program if none did."""
        chosen: dict[str, StoredProgram] = {}
        for program in programs:
            if program.loss not in chosen or not self.succeeded(chosen[program.loss]):
                chosen[program.loss] = program
        return chosen.values()

    def _row_groups(self, program: StoredProgram, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows of a program in a table, one row group at a time. ``columns``: None for all."""
        adopted = self._adopted.get(program.fingerprint)
        part = adopted[1] if adopted else self._part(program.fingerprint)
        if (part / name).exists():
            return _read_groups(part / name, None, columns)
        return self._joined_groups(program.fingerprint, program.loss, name, columns)

    def _joined_groups(
        self, fingerprint: str, loss: str, name: str, columns: list[str] | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a program in a joined table."""
        if name == GRIDS:
            rows = pq.read_table(self.folder / GRIDS)
            return iter([rows.filter(pc.equal(rows["loss"].cast(pa.string()), loss))])
        return _read_groups(self.folder / name, self._groups[name][fingerprint], columns)


def _group_ranges(entries: Iterable[ProgramEntry]) -> dict[str, dict[str, range]]:
    """The numbers of the row groups of each program, by table and fingerprint."""
    ranges: dict[str, dict[str, range]] = {name: {} for name in TABLES if name != GRIDS}
    ends = dict.fromkeys(ranges, 0)
    for entry in entries:
        for name, of_program in ranges.items():
            begin, ends[name] = ends[name], ends[name] + (entry.groups or {})[name]
            of_program[entry.fingerprint] = range(begin, ends[name])
    return ranges


def _read_groups(path: Path, groups: range | None, columns: list[str] | None) -> Iterator[pa.Table]:
    """Row groups of a Parquet file, one at a time. ``groups``, ``columns``: None for all."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups) if groups is None else groups:
            yield file.read_row_group(group, columns)


def _undamaged_programs(folder: Path) -> dict[str, ProgramEntry]:
    """The programs in the joined tables by fingerprint; empty if a table does not have the digest in the manifest."""
    manifest = find_manifest(folder)
    entries = indexed_programs(folder, manifest)
    if not manifest or not entries or damaged_tables(folder, manifest):
        return {}
    try:
        check_tables(folder, manifest)
    except NotResultsError:
        return {}
    return entries if _has_all_groups(folder, entries) else {}


def _has_all_groups(folder: Path, entries: Mapping[str, ProgramEntry]) -> bool:
    """Whether the tables have as many row groups as the programs."""
    return all(
        pq.read_metadata(folder / name).num_row_groups == sum((entry.groups or {})[name] for entry in entries.values())
        for name in TABLES
        if name != GRIDS
    )


def _is_complete(table: Path) -> bool:
    """Whether a Parquet file is complete: its footer, which is written last, is readable."""
    try:
        check_size(table)
    except NotResultsError:
        return False
    return True


def _is_whole(part: Path, runs: int, targets: tuple[float, ...]) -> bool:
    """Whether the tables of a part can be read, and have the columns and the number of runs of its program."""
    try:
        for name, schema in table_schemas(targets).items():
            check_columns(part / name, schema)
            if not pq.read_schema(part / name).equals(schema):  # it is copied as it is
                return False
            if name != RUNS:
                read_columns(part / name, schema.names)
        check_stored_runs(part / RUNS, targets, None)
    except NotResultsError:
        return False
    return bool(pq.read_metadata(part / RUNS).num_rows == runs)
