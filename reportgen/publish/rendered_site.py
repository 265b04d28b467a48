"""Reads which files of a folder belong to the report: those that reportgen rendered, and the data its pages link to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from reportgen.publish.errors import RefusedError
from reportgen.publish.prefix import INDEX
from reportgen.report.site_record import RECORD, SiteSummary, read_record
from reportgen.results.files import inner_path


@dataclass(frozen=True)
class RenderedSite:
    """A complete report: every relative link of its pages leads to one of ``files``."""

    folder: Path
    files: Mapping[str, str]
    """The SHA-256 of each file, by its name relative to ``folder``."""
    about: SiteSummary
    """What a list of reports shows of it."""


def read_site(folder: Path) -> RenderedSite:
    """The report in ``folder``.

    Raises:
        RefusedError: the folder holds no report of reportgen, or an incomplete one.
        OSError: a file of the report, or a folder on the way to it, is a symbolic link.
    """
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise RefusedError(f"{folder}: {problem}; expected the folder of a report")
    if not (folder / RECORD).is_file():
        output = folder / "output"
        hint = f"; did you mean {output}?" if (output / RECORD).is_file() else ""
        raise RefusedError(f"{folder}: not a report: it has no {RECORD}{hint}")
    record = read_record(folder)
    names = set(record.files)
    if INDEX not in names or not (folder / INDEX).is_file():
        raise RefusedError(f"{folder}: has no {INDEX}; run reportgen build or reportgen render")
    names |= {target for name in names if name.endswith(".html") for target in _linked_files(folder, name)}
    missing = sorted(name for name in names if not (folder / name).is_file())
    if missing:
        raise RefusedError(
            f"{folder}: incomplete report: {missing[0]} is missing; run reportgen build or reportgen render again"
        )
    return RenderedSite(folder, {name: _digest(inner_path(folder, name)) for name in sorted(names)}, record.about)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _linked_files(folder: Path, page: str) -> Iterator[str]:
    """The files of the report that a page links to."""
    if not (folder / page).is_file():
        return
    try:
        text = inner_path(folder, page).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{folder / page}: expected UTF-8 text (error at byte {error.start})") from None
    for link in _LinkParser(text).links:
        try:
            parts = urlsplit(link)
        except ValueError:
            raise RefusedError(f"{folder / page}: links to {link!a}, which is not an address") from None
        if parts.path and not parts.scheme and not parts.netloc:
            name = normpath(join(dirname(page), unquote(parts.path)))
            if name.startswith(("..", "/")):
                raise RefusedError(f"{folder / page}: links to {link}, which is outside the report")
            yield name


class _LinkParser(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the links of a tag."""
        self.links |= {value for name, value in attrs if name in ("href", "src") and value}
