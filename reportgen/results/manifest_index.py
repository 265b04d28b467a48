"""What the finished files of a results folder hold, told from the manifest alone: no table is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.config import Config
from reportgen.plan import Plan
from reportgen.results.files import MANIFEST, TABLES, read_json

REPORT_KEYS = ("title", "description", "site_url")
"""Keys of the config that change what a report says, and no result."""


def is_up_to_date(folder: Path, plan: Plan, config: Config) -> bool:
    """Whether the finished files are the whole plan under its title: nothing missing, nothing more, nothing failed."""
    kept = indexed_programs(folder)
    wanted = [program.fingerprint for program in plan.programs]
    whole = list(kept) == wanted and all(entry["state"] == "done" for entry in kept.values())
    return whole and all(read_json(folder / MANIFEST).get(key, "") == getattr(config, key) for key in REPORT_KEYS)


def indexed_programs(folder: Path) -> dict[str, dict[str, Any]]:
    """The programs in the finished files by fingerprint, in the order of their row groups.

    None where a file is missing or has another size than the manifest says.
    """
    manifest = read_json(folder / MANIFEST)
    try:
        sizes = {name: entry["bytes"] for name, entry in manifest["files"].items()}
        if sizes != {name: (folder / name).stat().st_size for name in TABLES}:
            return {}
        programs = {entry["fingerprint"]: entry for entry in manifest["programs"]}
        return programs if all("groups" in entry for entry in programs.values()) else {}
    except (TypeError, KeyError, AttributeError, OSError):
        return {}
