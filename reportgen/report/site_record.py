"""The record of a site on disk: what a render made, from what, and whether it is still right."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from reportgen import __version__
from reportgen.report.render_options import DEFAULT_OPTIONS, RenderOptions
from reportgen.results.files import MANIFEST, SITE_RECORD, is_inside, read_json
from reportgen.results.replacement import is_replacement_pending

RECORD = SITE_RECORD
_SUMMARY_KEYS = ("title", "commit", "leader")
_PACKAGES = ("reportgen.analysis", "reportgen.figures", "reportgen.report", "reportgen.templates")


@dataclass(frozen=True)
class SiteSummary:
    """What a list of reports shows of one report."""

    title: str = ""
    commit: str = ""
    """The git commit that it was built from; empty if it is not known."""
    leader: str = ""
    """The optimizers in the first place, in words."""


@dataclass(frozen=True)
class SiteRecord:
    """What a render wrote down."""

    files: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file of the site by its path."""
    key: str = ""
    """What the site depends on, see ``site_key``."""
    results: str = ""
    """What the results are, see ``results_digest``; empty for a comparison."""
    renderer: str = ""
    """Digest of the code that made the figures."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of each figure by its file."""
    about: SiteSummary = field(default_factory=SiteSummary)
    generator: str = f"reportgen {__version__}"


def is_current(output: Path, options: RenderOptions = DEFAULT_OPTIONS) -> bool:
    """Whether ``output`` holds the complete site of its results with these options."""
    manifest = read_json(output / "results" / MANIFEST)
    record = read_record(output)
    return (
        isinstance(manifest, dict)
        and not is_replacement_pending(output)
        and record.key == site_key(manifest, options)
        and all((output / file).is_file() for file in record.files)
    )


def site_key(manifest: object, options: RenderOptions) -> str:
    """A hash of what the bytes of a site depend on: the results, the options and the code.

    Args:
        manifest: as JSON.
        options: the user's choices.
    """
    text = json.dumps(manifest, sort_keys=True) + renderer_digest()
    return hashlib.sha256(text.encode() + options.key()).hexdigest()


def results_digest(manifest: object) -> str:
    """A hash of a manifest as JSON, which has the SHA-256 of each table."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def renderer_digest() -> str:
    """A hash of the code that makes pages and figures."""
    digest = hashlib.sha256(version("matplotlib").encode())
    for package in _PACKAGES:
        for file in _sources(package):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def read_record(output: Path) -> SiteRecord:
    """The record of an earlier render; an empty one if it is missing or damaged."""
    found = read_json(output / RECORD)
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        return SiteRecord()
    figures, about = found.get("figures"), found.get("about")
    about = about if isinstance(about, dict) else {}
    return SiteRecord(
        files={name: str(digest) for name, digest in found["files"].items() if is_inside(name)},
        key=str(found.get("key", "")),
        results=str(found.get("results", "")),
        renderer=str(found.get("renderer", "")),
        figures=figures if isinstance(figures, dict) else {},
        about=SiteSummary(**{key: about[key] for key in _SUMMARY_KEYS if isinstance(about.get(key), str)}),
    )


def _sources(package: str) -> list[Path]:
    """The files of a package by name, found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    files = (file for folder in folders or () for file in Path(folder).rglob("*"))
    return sorted(file for file in files if file.suffix in (".py", ".html", ".css", ".js", ".woff2"))
