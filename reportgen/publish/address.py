"""Opens the target that an address names."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reportgen.publish.branch import Branch
from reportgen.publish.directory import Directory
from reportgen.publish.errors import RefusedError
from reportgen.publish.object_store import ObjectStore
from reportgen.publish.target import Target

_PAGES = "gh-pages"
_OBJECT_STORES = ("s3", "gs")
_EXPECTED = "gh-pages, gh-pages:BRANCH, a directory, s3://BUCKET/…, gs://BUCKET/… or file:///…"


def open_target(to: str, site: Path, message: str) -> AbstractContextManager[Target]:
    """The target at the address ``to``. Leaving the context without an error completes all changes.

    Args:
        to: the address, as the user typed it.
        site: the folder of the report, which cannot be its own target.
        message: the commit message, if the target is a branch.

    Raises:
        RefusedError: no target has such an address, or a package for it is not installed.
    """
    kind, colon, branch = to.partition(":")
    if kind == _PAGES:
        if colon and not branch:
            raise RefusedError(f"{to}: no branch name after the colon; expected {_EXPECTED}")
        return Branch(branch or _PAGES, message)
    scheme, separator, _ = to.partition("://")
    if separator and scheme in _OBJECT_STORES:
        return ObjectStore(to)
    if separator and scheme != "file":
        raise RefusedError(f"{to}: cannot publish to {scheme}://; expected {_EXPECTED}")
    return _open_directory(to, site)


def _open_directory(to: str, site: Path) -> Directory:
    folder = Path(unquote(urlsplit(to).path) if to.startswith("file://") else to)
    if not to or (to.startswith("file://") and (urlsplit(to).netloc not in ("", "localhost") or not folder.name)):
        raise RefusedError(f"{to or 'the target'}: not a directory; expected {_EXPECTED}")
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{to}: is a file; expected a directory")
    if folder.resolve() == site.resolve():
        raise RefusedError(f"{to}: is the report itself; choose another directory")
    return Directory(folder, to)
