"""Whether a site on disk is still the right one: told from two small files, without pandas or matplotlib."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen import __version__
from reportgen.results.files import MANIFEST, read_json, write_json

RECORD = "site.json"
_MAKERS = ("reportgen.analysis", "reportgen.figures", "reportgen.report", "reportgen.templates")


def is_current(output: Path) -> bool:
    """Whether ``output`` holds, whole, the site of the results in its ``results`` folder."""
    manifest = read_json(output / "results" / MANIFEST)
    record = read_record(output)
    return (
        isinstance(manifest, dict)
        and record.get("key") == key(manifest)
        and all((output / file).is_file() for file in record["files"])
    )


def key(manifest: dict[str, Any]) -> str:
    """What the bytes of a site depend on: the results, and the code that makes pages of them."""
    made = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    for package in _MAKERS:
        for file in _sources(package):
            made.update(file.read_bytes())
    return made.hexdigest()


def read_record(output: Path) -> dict[str, Any]:
    """What an earlier render wrote down, or nothing where that cannot be trusted."""
    record = read_json(output / RECORD)
    if not isinstance(record, dict) or not isinstance(record.get("files"), list):
        return {"files": []}
    return {**record, "files": [file for file in record["files"] if _is_inside(file)]}


def write_record(
    output: Path, manifest: dict[str, Any], files: list[str], *, about: dict[str, str | None] | None = None
) -> None:
    """Write down what this render made, and what a list of reports says ``about`` it."""
    generator = f"reportgen {__version__}"
    record = {"generator": generator, "key": key(manifest), "files": sorted(files), "about": about or {}}
    write_json(output / RECORD, record)


def _sources(package: str) -> list[Path]:
    """The files of a package by name; found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    files = (file for folder in folders or () for file in Path(folder).iterdir())
    return sorted(file for file in files if file.suffix in (".py", ".html", ".css"))


def _is_inside(file: object) -> bool:
    path = PurePosixPath(str(file))
    return isinstance(file, str) and not path.is_absolute() and ".." not in path.parts
