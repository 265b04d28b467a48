"""An object store as a target: whatever fsspec has a package for, of which S3 and Google Cloud Storage are known."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any

from reportgen.publish.errors import PublishError, RefusedError

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs"}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".parquet": "application/vnd.apache.parquet",
}
_CACHE = "no-cache"
"""A browser may keep a file, and asks each time whether it is still the same. No file of a report is named by its
content, so none may be kept unasked: an old figure beside new numbers would be wrong."""


class Objects:
    """The objects below an address; a store replaces each as a whole."""

    def __init__(self, address: str) -> None:
        self.name = address.rstrip("/")
        self._scheme = address.partition("://")[0]
        if not self.name.removeprefix(f"{self._scheme}:").strip("/"):
            raise RefusedError(f"{address}: names no bucket")
        try:
            import fsspec

            filesystem = fsspec.get_filesystem_class(self._scheme)
        except ImportError:
            package = _PACKAGES[self._scheme]
            extra = f"pip install 'optimizer-reportgen[{self._scheme}]'"
            raise RefusedError(f"{address}: publishing there needs the package {package}: {extra}") from None
        with self._told():
            self._files: Any = filesystem(use_listings_cache=False)

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is left to be done: every change has been made at once."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The bytes of those of ``names`` that are there."""
        with self._told():
            folders = {str(PurePosixPath(name).parent) for name in names}
            # One request for all in a folder, in place of one a file.
            found: dict[str, Any] = {}
            for folder in folders:
                where = self.name if folder == "." else self._path(folder)
                found |= self._files.find(where, maxdepth=1, detail=True)
        start = len(self._bare) + 1
        listed = {path[start:]: int(facts["size"]) for path, facts in found.items()}
        return {name: listed[name] for name in names if name in listed}

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        with self._told():
            try:
                content: bytes = self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return content

    def put(self, name: str, content: bytes) -> None:
        """Write a file, also over an earlier one."""
        with self._told():
            self._files.pipe_file(self._path(name), content, **self._headers(name))

    def remove(self, name: str) -> None:
        """Take a file away."""
        with self._told():
            self._files.rm_file(self._path(name))

    @property
    def _bare(self) -> str:
        bare: str = self._files._strip_protocol(self.name)
        return bare

    def _path(self, name: str) -> str:
        return f"{self.name}/{name}"

    def _headers(self, name: str) -> dict[str, Any]:
        kind = _TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        if self._scheme == "s3":
            return {"ContentType": kind, "CacheControl": _CACHE}
        return {"content_type": kind, "fixed_key_metadata": {"cache_control": _CACHE}}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What a store's client raises, of which there are many kinds, becomes one that says where."""
        try:
            yield
        except FileNotFoundError:
            raise PublishError(f"{self.name}: the bucket is not there, or not for you to see") from None
        except Exception as error:
            raise PublishError(f"{self.name}: {str(error) or type(error).__name__}") from error
