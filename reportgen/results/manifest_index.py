"""Finds out from the manifest which programs a results folder contains, without opening a table."""

from __future__ import annotations

from pathlib import Path

from reportgen.config import Config
from reportgen.plan import Plan, make_plan
from reportgen.rate_grid import extension_of
from reportgen.results.files import TABLES
from reportgen.results.manifest import Manifest, ProgramEntry, find_manifest

_REPORT_KEYS = ("title", "description", "site_url", "baseline")
"""Keys of the config that change the report, but no fingerprint."""


def is_up_to_date(folder: Path, plan: Plan, config: Config) -> bool:
    """Whether ``folder`` contains exactly this plan, without failures, and the texts of ``config``."""
    manifest = find_manifest(folder)
    entries = indexed_programs(folder, manifest)
    fingerprints = [program.fingerprint for program in plan.programs]
    if manifest is None or list(entries) != fingerprints or any(entry.failed for entry in entries.values()):
        return False
    if manifest.unfinished or manifest.config.basins != config.basins:
        return False
    if config.basins:
        from reportgen.results.basin_table import has_basins, plan_key  # imports Arrow, which takes a tenth of a second

        if not has_basins(folder, plan_key(fingerprints, config.basins)):
            return False
    return all(getattr(manifest.config, key) == getattr(config, key) for key in _REPORT_KEYS)


def stored_plan(folder: Path, config: Config) -> Plan:
    """Return the plan that ``config`` had at the end of an earlier build into ``folder``, if nothing else changed."""
    manifest = find_manifest(folder)
    if manifest is None:
        return make_plan(config)
    extensions = {info.label: extension_of(info.learning_rates) for info in manifest.optimizers}
    found = (info for info in manifest.losses if not info.minimum_is_declared)
    return make_plan(config, extensions, {info.label: info.minimum for info in found if info.minimum is not None})


def indexed_programs(folder: Path, manifest: Manifest | None) -> dict[str, ProgramEntry]:
    """Return the programs in the joined tables by fingerprint, in the order of their row groups.

    Empty if there is no manifest, a table is missing, or its size differs from the one in the manifest.
    """
    if manifest is None:
        return {}
    try:
        sizes = {name: (folder / name).stat().st_size for name in TABLES}
    except OSError:
        return {}
    if sizes != {name: info.bytes for name, info in manifest.files.items()}:
        return {}
    if any(entry.groups is None for entry in manifest.programs):
        return {}
    entries = {entry.fingerprint: entry for entry in manifest.programs}
    return entries if len(entries) == len(manifest.programs) else {}
