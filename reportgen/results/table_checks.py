"""Checks all tables of a results folder: what they contain, and whether it belongs together and to the manifest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from reportgen.results import schema
from reportgen.results.files import GRIDS, RUNS
from reportgen.results.grid_checks import check_grids
from reportgen.results.manifest import Manifest
from reportgen.results.run_checks import check_stored_runs
from reportgen.results.stored_trajectories import check_stored_trajectories
from reportgen.results.table_columns import check_columns, read_columns


def check_tables(folder: Path, manifest: Manifest) -> None:
    """Check all tables in ``folder``.

    Raises:
        NotResultsError: a table is damaged, or is not that of the manifest.
    """
    check_stored_trajectories(folder, check_stored_runs(folder / RUNS, manifest.targets, manifest), manifest)
    read_grids(folder, manifest)


def read_grids(folder: Path, manifest: Manifest) -> pa.Table:
    """Return the grids in ``folder``, after a check.

    Raises:
        NotResultsError: as in ``check_tables``.
    """
    grids = read_columns(folder / GRIDS, check_columns(folder / GRIDS, schema.GRIDS))
    check_grids(folder / GRIDS, grids, manifest)
    return grids
