"""Whether the tables of a results folder are those that its manifest describes."""

from __future__ import annotations

from pathlib import Path

from reportgen.results.files import sha256
from reportgen.results.manifest import FileInfo, Manifest, NotResultsError, read_manifest


def damaged_tables(folder: Path, manifest: Manifest) -> list[str]:
    """Return the names of the tables in ``folder`` that are not those of the manifest."""
    return [name for name, info in manifest.files.items() if not _is_that(folder / name, info)]


def _is_that(path: Path, info: FileInfo) -> bool:
    try:
        return path.stat().st_size == info.bytes and sha256(path) == info.sha256
    except OSError:
        return False


def read_whole_manifest(folder: Path) -> Manifest:
    """As ``read_manifest``, but all tables must be those of the manifest.

    Raises:
        NotResultsError: as in ``read_manifest``, or a table is missing, damaged or of another build.
    """
    manifest = read_manifest(folder)
    damaged = damaged_tables(folder, manifest)
    if damaged:
        which = ", ".join(damaged)
        raise NotResultsError(f"{folder}: {which}: missing, damaged or from another build; run reportgen build again")
    return manifest
