"""What of a folder is published: what reportgen wrote down that it made, and the data that its pages link to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from reportgen.publish.errors import RefusedError
from reportgen.report.site_record import RECORD, read_record

INDEX = "index.html"


@dataclass(frozen=True)
class RenderedSite:
    """A whole site: no link of its pages leads to a file that is not among ``files``."""

    folder: Path
    files: Mapping[str, str]
    """The SHA-256 of each file, by its name relative to ``folder``."""
    about: Mapping[str, str | None]
    """Its title, the commit it was built from, and who leads its ranking; None where that is not known."""


def read_site(folder: Path) -> RenderedSite:
    """The site in ``folder``; RefusedError where reportgen made none there, or it is not whole."""
    if not folder.is_dir():
        raise RefusedError(
            f"{folder}: {'is a file' if folder.exists() else 'is not there'}; a rendered report is expected"
        )
    if not (folder / RECORD).is_file():
        inside = folder / "output"
        hint = f"; did you mean {inside}?" if (inside / RECORD).is_file() else ""
        raise RefusedError(f"{folder}: is no report of reportgen, {RECORD} was not found in it{hint}")
    record = read_record(folder)
    names = set(record["files"])
    if INDEX not in names or not (folder / INDEX).is_file():
        raise RefusedError(f"{folder}: has no {INDEX}; reportgen build or render makes one")
    names |= {target for name in names if name.endswith(".html") for target in _linked(folder, name)}
    missing = sorted(name for name in names if not (folder / name).is_file())
    if missing:
        raise RefusedError(f"{folder}: is not whole, {missing[0]} is missing; reportgen build or render makes it again")
    return RenderedSite(folder, {name: _digest(folder / name) for name in sorted(names)}, record.get("about") or {})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _linked(folder: Path, page: str) -> Iterator[str]:
    """The files of the site that a page leads to."""
    if not (folder / page).is_file():
        return
    for target in _Links((folder / page).read_text(encoding="utf-8")).found:
        parts = urlsplit(target)
        if parts.path and not parts.scheme and not parts.netloc:
            name = normpath(join(dirname(page), unquote(parts.path)))
            if name.startswith(("..", "/")):
                raise RefusedError(f"{folder / page}: links to {target}, which is outside the report")
            yield name


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where the tag leads."""
        self.found |= {value for name, value in attrs if name in ("href", "src") and value}
