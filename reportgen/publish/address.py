"""Which target a text names."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reportgen.publish.errors import RefusedError
from reportgen.publish.target import Target

_PAGES = "gh-pages"
_OBJECTS = ("s3", "gs")
_EXPECTED = "gh-pages, gh-pages:BRANCH, a directory, s3://BUCKET/…, gs://BUCKET/… or file:///…"


def open_target(to: str, site: Path, message: str) -> AbstractContextManager[Target]:
    """The store that ``to`` names; left without an error, all that was changed in it is there.

    ``message`` is what the log of a branch says of it.
    """
    kind, colon, rest = to.partition(":")
    if kind == _PAGES:
        from reportgen.publish.branch import Branch

        if colon and not rest:
            raise RefusedError(f"{to}: names no branch after the colon; expected {_EXPECTED}")
        return Branch(rest or _PAGES, message)
    scheme, separator, _ = to.partition("://")
    if separator and scheme in _OBJECTS:
        from reportgen.publish.objects import Objects

        return Objects(to)
    if separator and scheme != "file":
        raise RefusedError(f"{to}: nothing can be published to {scheme}://; expected {_EXPECTED}")
    return _directory(to, site)


def _directory(to: str, site: Path) -> AbstractContextManager[Target]:
    from reportgen.publish.directory import Directory

    folder = Path(unquote(urlsplit(to).path) if to.startswith("file://") else to)
    if not to or (to.startswith("file://") and (urlsplit(to).netloc not in ("", "localhost") or not folder.name)):
        raise RefusedError(f"{to or 'the target'}: is no directory; expected {_EXPECTED}")
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{to}: is a file; a directory is expected")
    if folder.resolve() == site.resolve():
        raise RefusedError(f"{to}: is the report itself; choose another directory")
    return Directory(folder, to)


def is_prefix(text: object) -> bool:
    """Whether it can be the folder of a report: then it is the same in a path, an address and a branch."""
    return isinstance(text, str) and bool(re.fullmatch(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", text, re.ASCII))


def check_prefix(prefix: str) -> None:
    """RefusedError where it is no name of a folder."""
    if prefix and not is_prefix(prefix):
        raise RefusedError(
            f"--prefix {prefix!r}: letters, digits, '.', '_' and '-' are expected, in parts that begin with one of the "
            "first two or '_', as in pr-123 or branches/main"
        )
    from reportgen.publish.change_plan import PUBLISHED
    from reportgen.publish.listing import REPORTS
    from reportgen.publish.rendered_site import INDEX

    if prefix.split("/")[0] in (INDEX, REPORTS, PUBLISHED):
        raise RefusedError(f"--prefix {prefix!r}: a file that publish itself writes there is called so")
