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
from reportgen.report.site_record import RECORD, SiteRecord, SiteSummary, read_record, results_digest
from reportgen.results.files import inner_path, sha256
from reportgen.results.lock import complete_pending
from reportgen.results.manifest import find_manifest, to_json
from reportgen.results.replacement import is_replacement_pending

_RESULTS = "results"
"""The folder of the data in a site."""


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
        RefusedError: the folder holds no report of reportgen, an incomplete one, or the data of other results.
        PublishError: another process replaces it now.
        BlockingIOError: likewise.
        OSError: a file of the report, or a folder on the way to it, is a symbolic link.
    """
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise RefusedError(f"{folder}: {problem}; expected the folder of a report")
    complete_pending(folder)
    complete_pending(folder / _RESULTS)
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
    _check_results(folder, record, digests)
    return RenderedSite(folder, digests, record.about)


def _check_results(folder: Path, record: SiteRecord, digests: Mapping[str, str]) -> None:
    """Refuse pages with the data of other results, as after a build that ended between the two."""
    if not any(name.startswith(f"{_RESULTS}/") for name in digests):
        return
    manifest = find_manifest(folder / _RESULTS)
    if manifest is None or results_digest(to_json(manifest)) != record.results:
        raise RefusedError(f"{folder}: the pages do not show the results in {_RESULTS}; run reportgen build again")
    for name, info in manifest.files.items():
        if digests.get(f"{_RESULTS}/{name}", info.sha256) != info.sha256:
            raise RefusedError(f"{folder / _RESULTS}: {name} is damaged; run reportgen build again")


def _linked_files(folder: Path, page: str) -> Iterator[str]:
    """The files of the report that a page links to."""
    if not (folder / page).is_file():
        return
    try:
        text = read_text(inner_path(folder, page), RECORD_LIMIT)
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
