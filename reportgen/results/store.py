"""The store of a matrix's results: each program's rows as soon as they are there, then one file a table.

While a matrix is run, a finished program has a folder of its own, ``parts/<fingerprint>``. ``finish`` joins them, in
the order of the plan, into the files that everybody reads, and writes the manifest last: what it does not vouch for is
run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.engine.result import Grid
from reportgen.plan import Plan, Program
from reportgen.results import row_encoding
from reportgen.results.files import (
    GRIDS,
    MANIFEST,
    RUNS,
    TABLES,
    TRACES,
    atomic_replace,
    file_digest,
    read_json,
    write_json,
)
from reportgen.results.manifest_index import indexed_programs
from reportgen.results.program_store import (
    STATE,
    UNFINISHED,
    StoreProgram,
    store_failure,
    store_program,
    table_schemas,
    table_writer,
)
from reportgen.results.result_tables import Results, report_columns, to_pandas


class Store:
    """The results of one matrix in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"
        self._kept = _undamaged(folder)
        for unfinished in self._parts.glob(f"{UNFINISHED}*"):  # by a process that was ended
            shutil.rmtree(unfinished, ignore_errors=True)

    def has(self, program: Program) -> bool:
        """Whether the results of exactly this program are here; a failed one is always worth another try."""
        state = self._state(program)
        return state is not None and state["state"] == "done"

    @property
    def keep(self) -> StoreProgram:
        """Runs a program and keeps its results here, in whatever process that is done."""
        return partial(store_program, self._parts.absolute())

    def keep_failure(self, program: Program, reason: str) -> None:
        """Keep that a program could not be run, and why."""
        store_failure(self._parts, program, reason)

    def results(self, programs: Iterable[Program], manifest: dict[str, Any]) -> Results:
        """The results of some programs that are here, as pandas tables with what pictures look at."""
        chosen = list(programs)
        targets = chosen[0].settings.targets
        found = []
        for name, schema in table_schemas(targets).items():
            columns = report_columns(targets) if name == RUNS else schema.names
            groups = (group for program in chosen for group in self._groups(program, name, columns))
            joined = pa.concat_tables([schema.empty_table().select(columns), *groups]).unify_dictionaries()
            found.append(to_pandas(joined, pd.ArrowDtype if name in (RUNS, TRACES) else None))
        runs, traces, grids, paths = found
        return Results(runs, traces, grids.drop_duplicates("loss"), paths, manifest)

    def finish(self, plan: Plan, manifest: Mapping[str, Any], planes: Mapping[str, Grid | None]) -> None:
        """Write the tables and the manifest for the whole plan, and let the parts go.

        ``planes`` has the Grid of each loss that is drawn on a plane, None where there is none.
        """
        entries = [{**(self._state(program) or {}), "groups": {}} for program in plan.programs]
        for name, schema in table_schemas(plan.programs[0].settings.targets).items():
            with atomic_replace(self.folder / name) as temporary, table_writer(temporary, schema) as writer:
                if name == GRIDS:
                    for table in self._grids(plan, planes):
                        writer.write_table(table)
                    continue
                for program, entry in zip(plan.programs, entries, strict=True):
                    entry["groups"][name] = 0
                    for group in self._groups(program, name):
                        writer.write_table(group, row_group_size=max(len(group), 1))
                        entry["groups"][name] += 1
        files = {name: file_digest(self.folder / name) for name in TABLES}
        write_json(self.folder / MANIFEST, {**manifest, "programs": entries, "files": files})
        shutil.rmtree(self._parts, ignore_errors=True)
        self._kept = indexed_programs(self.folder)

    def _grids(self, plan: Plan, planes: Mapping[str, Grid | None]) -> Iterator[pa.Table]:
        for program in _one_a_loss(plan, self):
            if program.loss in planes:
                yield row_encoding.encode_grid(program.loss, planes[program.loss])
            else:
                yield from self._groups(program, GRIDS)

    def device(self, plan: Plan) -> dict[str, str] | None:
        """The device that the programs of the plan ran on."""
        states = (self._state(program) for program in plan.programs)
        return next((state["device"] for state in states if state and "device" in state), None)

    def _part(self, program: Program) -> Path:
        return self._parts / program.fingerprint

    def _state(self, program: Program) -> dict[str, Any] | None:
        part = self._part(program)
        state = read_json(part / STATE)
        if isinstance(state, dict) and all(_readable(part / name) for name in TABLES):
            return state
        return self._kept.get(program.fingerprint)

    def _groups(self, program: Program, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows of a program in a table, with all ``columns`` or some, a row group at a time."""
        part = self._part(program) / name
        if part.exists():
            file, wanted = pq.ParquetFile(part), None
        elif name == GRIDS:
            rows = pq.read_table(self.folder / GRIDS)
            yield rows.filter(pa.compute.equal(rows["loss"].cast(pa.string()), program.loss))
            return
        else:
            place = list(self._kept).index(program.fingerprint)
            ends = list(accumulate((entry["groups"][name] for entry in self._kept.values()), initial=0))
            file, wanted = pq.ParquetFile(self.folder / name), range(ends[place], ends[place + 1])
        with file:
            for group in range(file.num_row_groups) if wanted is None else wanted:
                yield file.read_row_group(group, columns)


def _undamaged(folder: Path) -> dict[str, dict[str, Any]]:
    """The programs in the finished files; none where a file is not, byte for byte, the one that the manifest names."""
    kept = indexed_programs(folder)
    manifest = read_json(folder / MANIFEST)
    if kept and any(file_digest(folder / name) != manifest["files"].get(name) for name in TABLES):
        return {}
    return kept


def _readable(table: Path) -> bool:
    """Whether a Parquet file is whole: its end is written last."""
    try:
        pq.read_metadata(table)
    except (OSError, pa.ArrowException):
        return False
    return True


def _one_a_loss(plan: Plan, store: Store) -> Iterable[Program]:
    """For each loss the first program that ran, or else the first."""
    chosen: dict[str, Program] = {}
    for program in plan.programs:
        if program.loss not in chosen or not store.has(chosen[program.loss]):
            chosen[program.loss] = program
    return chosen.values()
