"""Checks all tables of a results folder: what they contain, and whether it belongs together and to the manifest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from reportgen.results import schema
from reportgen.results.files import GRIDS, PATHS, RUNS, TRACES
from reportgen.results.grid_checks import check_grids
from reportgen.results.manifest import Manifest
from reportgen.results.run_checks import RunKeys, check_stored_runs
from reportgen.results.table_columns import check_columns, read_columns
from reportgen.results.trajectory_checks import check_trajectories

OTHERS = {TRACES: schema.TRACES, GRIDS: schema.GRIDS, PATHS: schema.PATHS}
"""The schema of each table besides the runs."""


def check_tables(folder: Path, manifest: Manifest) -> None:
    """Check all tables in ``folder``.

    Raises:
        NotResultsError: a table is damaged, or is not that of the manifest.
    """
    read_other_tables(folder, check_stored_runs(folder / RUNS, manifest.targets, manifest), manifest)


def read_other_tables(folder: Path, keys: RunKeys, manifest: Manifest) -> dict[str, pa.Table]:
    """Return traces, grids and paths by file name, after a check.

    Raises:
        NotResultsError: as in ``check_tables``.
    """
    tables = {name: read_columns(folder / name, check_columns(folder / name, each)) for name, each in OTHERS.items()}
    check_trajectories(folder, tables[TRACES], tables[PATHS], keys, manifest)
    check_grids(folder / GRIDS, tables[GRIDS], manifest)
    return tables
