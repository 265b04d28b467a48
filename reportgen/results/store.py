"""The store of a matrix's results: each program's rows as soon as they are there, then one file a table.

While a matrix is run, a finished program has a folder of its own, ``parts/<fingerprint>``, made complete under another
name and then renamed. ``finish`` joins them, in the order of the plan and one row group a program, into the files that
everybody reads, and writes the manifest last: what it does not vouch for is run again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.engine.result import Grid
from reportgen.matrix import Plan, Program
from reportgen.results import tables
from reportgen.results.files import (
    GRIDS,
    MANIFEST,
    PATHS,
    RUNS,
    TABLES,
    TRACES,
    digest,
    read_json,
    replacing,
    write_json,
)
from reportgen.results.kept import kept_programs
from reportgen.results.read import Results, to_pandas
from reportgen.results.schema import GRIDS as GRIDS_SCHEMA
from reportgen.results.schema import PATHS as PATHS_SCHEMA
from reportgen.results.schema import TRACES as TRACES_SCHEMA
from reportgen.results.schema import runs_schema

_STATE = "program.json"


class Store:
    """The results of one matrix in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"
        self._kept = _undamaged(folder)

    def has(self, program: Program) -> bool:
        """Whether the results of exactly this program are here; a failed one is always worth another try."""
        state = self._state(program)
        return state is not None and state["state"] == "done"

    def add(self, program: Program, parts: Mapping[str, pa.Table], state: Mapping[str, Any]) -> None:
        """Keep a program's tables and its entry for the manifest, all or nothing."""
        self._parts.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=self._parts))
        for name in TABLES:
            pq.write_table(parts[name], temporary / name)
        write_json(temporary / _STATE, state)
        final = self._part(program)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)

    def results(self, programs: Iterable[Program], manifest: dict[str, Any]) -> Results:
        """The results of some programs that are here, as pandas tables."""
        chosen = list(programs)
        joined = (pa.concat_tables([self._table(p, name) for p in chosen]) for name in TABLES)
        runs, traces, grids, paths = (to_pandas(table.unify_dictionaries()) for table in joined)
        return Results(runs, traces, grids.drop_duplicates("loss"), paths, manifest)

    def finish(self, plan: Plan, manifest: Mapping[str, Any], planes: Mapping[str, Grid | None]) -> None:
        """Write the tables and the manifest for the whole plan, and let the parts go.

        ``planes`` has the Grid of each loss that is drawn on a plane, None where there is none.
        """
        targets = plan.programs[0].settings.targets
        schemas = {RUNS: runs_schema(targets), TRACES: TRACES_SCHEMA, GRIDS: GRIDS_SCHEMA, PATHS: PATHS_SCHEMA}
        states = [self._state(program) for program in plan.programs]
        for name, schema in schemas.items():
            with (
                replacing(self.folder / name) as temporary,
                pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
            ):
                for program in _one_a_loss(plan, self) if name == GRIDS else plan.programs:
                    table = self._table(program, name)
                    if name == GRIDS and program.loss in planes:
                        table = tables.grid_row(program.loss, planes[program.loss])
                    writer.write_table(table, row_group_size=1 << 30)
        files = {name: digest(self.folder / name) for name in TABLES}
        write_json(self.folder / MANIFEST, {**manifest, "programs": states, "files": files})
        shutil.rmtree(self._parts, ignore_errors=True)
        self._kept = kept_programs(self.folder)

    def device(self, plan: Plan) -> dict[str, str] | None:
        """The device that the programs of the plan ran on."""
        states = (self._state(program) for program in plan.programs)
        return next((state["device"] for state in states if state and "device" in state), None)

    def _part(self, program: Program) -> Path:
        return self._parts / program.fingerprint

    def _state(self, program: Program) -> dict[str, Any] | None:
        part = self._part(program)
        state = read_json(part / _STATE)
        if isinstance(state, dict) and all(_readable(part / name) for name in TABLES):
            return state
        return self._kept.get(program.fingerprint)

    def _table(self, program: Program, name: str) -> pa.Table:
        part = self._part(program) / name
        if part.exists():
            return pq.read_table(part)
        if name == GRIDS:
            rows = pq.read_table(self.folder / GRIDS)
            return rows.filter(pa.compute.equal(rows["loss"].cast(pa.string()), program.loss))
        index = list(self._kept).index(program.fingerprint)
        return pq.ParquetFile(self.folder / name).read_row_group(index)


def _undamaged(folder: Path) -> dict[str, dict[str, Any]]:
    """The programs in the finished files; none where a file is not, byte for byte, the one that the manifest names."""
    kept = kept_programs(folder)
    manifest = read_json(folder / MANIFEST)
    if kept and any(digest(folder / name) != manifest["files"].get(name) for name in TABLES):
        return {}
    return kept


def failure(program: Program, reason: str) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Tables and manifest entry of a program that could not be run."""
    parts = {
        RUNS: tables.failed_rows(program, reason),
        TRACES: TRACES_SCHEMA.empty_table(),
        GRIDS: GRIDS_SCHEMA.empty_table(),
        PATHS: PATHS_SCHEMA.empty_table(),
    }
    return parts, _entry(program, "failed", reason, {})


def success(program: Program, loss: Any, result: Any) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Tables and manifest entry of a program that ran."""
    parts = {
        RUNS: tables.run_rows(program, loss, result),
        TRACES: tables.trace_rows(program, result),
        GRIDS: tables.grid_row(program.loss, result.grid),
        PATHS: tables.path_rows(program, result),
    }
    return parts, _entry(program, "done", None, result.seconds) | {"device": vars(result.device), "note": result.note}


def _readable(table: Path) -> bool:
    """Whether a Parquet file is whole: its end is written last."""
    try:
        pq.read_metadata(table)
    except (OSError, pa.ArrowException):
        return False
    return True


def _entry(program: Program, state: str, reason: str | None, seconds: Mapping[str, float]) -> dict[str, Any]:
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


def _one_a_loss(plan: Plan, store: Store) -> Iterable[Program]:
    """For each loss the first program that ran, or else the first."""
    chosen: dict[str, Program] = {}
    for program in plan.programs:
        if program.loss not in chosen or not store.has(chosen[program.loss]):
            chosen[program.loss] = program
    return chosen.values()
