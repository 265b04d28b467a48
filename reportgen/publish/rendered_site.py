"""Reads which files of a folder belong to the report: those that reportgen rendered, and the data its pages link to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from reportgen.publish.errors import PublishError, RefusedError
from reportgen.publish.prefix import INDEX
from reportgen.regular_files import RECORD_LIMIT, open_regular, read_text
from reportgen.report.site_record import RECORD, SiteSummary, read_record
from reportgen.results.files import inner_path, sha256
from reportgen.results.lock import locked
from reportgen.results.replacement import is_replacement_pending


@dataclass(frozen=True)
class SiteFile:
    """A file of the report."""

    path: Path
    digest: str
    """Its SHA-256 when the report was read."""

    def read(self) -> bytes:
        """The content.

        Raises:
            PublishError: it is not that of the report any more.
        """
        with open_regular(self.path) as file:  # a table may be large, and was made by reportgen
            content = file.read()
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise PublishError(f"{self.path}: has changed meanwhile; run reportgen publish again")
        return content


@dataclass(frozen=True)
class RenderedSite:
    """A complete report: every relative link of its pages leads to one of ``files``."""

    folder: Path
    files: Mapping[str, str]
    """The SHA-256 of each file, by its name relative to ``folder``."""
    about: SiteSummary
    """What a list of reports shows of it."""

    def file(self, name: str) -> SiteFile:
        """A file by its name."""
        return SiteFile(self.folder / name, self.files[name])


def read_site(folder: Path) -> RenderedSite:
    """The report in ``folder``. If a process was killed while it replaced the report, the replacement is completed.

    Raises:
        RefusedError: the folder holds no report of reportgen, or an incomplete one.
        PublishError: another process replaces it now.
        BlockingIOError: likewise.
        OSError: a file of the report, or a folder on the way to it, is a symbolic link.
    """
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise RefusedError(f"{folder}: {problem}; expected the folder of a report")
    if is_replacement_pending(folder):
        with locked(folder):
            pass  # completes it
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
    digests = {name: sha256(inner_path(folder, name)) for name in sorted(names)}
    # The record has the digest of each file: with the same record, the files are those of one report.
    if is_replacement_pending(folder) or read_record(folder) != record:
        raise PublishError(f"{folder}: another reportgen process replaces this report; run reportgen publish again")
    return RenderedSite(folder, digests, record.about)


def _linked_files(folder: Path, page: str) -> Iterator[str]:
    """The files of the report that a page links to."""
    if not (folder / page).is_file():
        return
    for link in _LinkParser(read_text(inner_path(folder, page), RECORD_LIMIT)).links:
        parts = urlsplit(link)
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
