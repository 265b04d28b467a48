"""Whether a site on disk is still the right one: told from two small files, without pandas or matplotlib."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen import __version__
from reportgen.report.render_options import DEFAULT_OPTIONS, RenderOptions
from reportgen.results.files import MANIFEST, read_json, write_json

RECORD = "site.json"
_MAKERS = ("reportgen.analysis", "reportgen.figures", "reportgen.report", "reportgen.templates")


def is_current(output: Path, edition: RenderOptions = DEFAULT_OPTIONS) -> bool:
    """Whether ``output`` holds, whole, this edition of the site of the results in its ``results`` folder."""
    manifest = read_json(output / "results" / MANIFEST)
    record = read_record(output)
    return (
        isinstance(manifest, dict)
        and record.get("key") == site_key(manifest, edition)
        and all((output / file).is_file() for file in record["files"])
    )


def site_key(manifest: dict[str, Any], edition: RenderOptions) -> str:
    """What the bytes of a site depend on: the results, the user's choices, and the code that makes pages of them."""
    told = json.dumps(manifest, sort_keys=True) + renderer_digest()
    return hashlib.sha256(told.encode() + edition.key()).hexdigest()


def renderer_digest() -> str:
    """The code that makes pages and figures of results."""
    made = hashlib.sha256(version("matplotlib").encode())
    for package in _MAKERS:
        for file in _sources(package):
            made.update(file.read_bytes())
    return made.hexdigest()


def read_record(output: Path) -> dict[str, Any]:
    """What an earlier render wrote down, or nothing where that cannot be trusted."""
    record = read_json(output / RECORD)
    if not isinstance(record, dict) or not isinstance(record.get("files"), list):
        record = {"files": []}
    files = [file for file in record["files"] if _is_inside(file)]
    figures = record.get("figures")
    return {"makers": "", **record, "files": files, "figures": figures if isinstance(figures, dict) else {}}


def invalidate_record(output: Path, *, figures: bool) -> None:
    """Have the record vouch for the site no more, nor, with ``figures``, for what those were drawn from."""
    record = read_record(output)
    if record["files"]:
        write_json(output / RECORD, record | {"key": ""} | ({"figures": {}} if figures else {}))


def write_record(
    output: Path,
    manifest: dict[str, Any],
    files: list[str],
    *,
    edition: RenderOptions = DEFAULT_OPTIONS,
    figures: Mapping[str, str] | None = None,
    about: Mapping[str, str | None] | None = None,
) -> None:
    """Write down what this render made, by which code, from what each figure was drawn, and its row in a list."""
    record = {"generator": f"reportgen {__version__}", "key": site_key(manifest, edition), "makers": renderer_digest()}
    told = {"files": sorted(files), "figures": dict(sorted((figures or {}).items())), "about": dict(about or {})}
    write_json(output / RECORD, record | told)


def _sources(package: str) -> list[Path]:
    """The files of a package by name; found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    files = (file for folder in folders or () for file in Path(folder).iterdir())
    return sorted(file for file in files if file.suffix in (".py", ".html", ".css", ".js"))


def _is_inside(file: object) -> bool:
    path = PurePosixPath(str(file))
    return isinstance(file, str) and not path.is_absolute() and ".." not in path.parts
