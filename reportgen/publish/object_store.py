"""An object store as a target: S3 or Google Cloud Storage, through fsspec."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from types import TracebackType
from typing import Protocol, TypedDict

from reportgen.publish.errors import PublishError, RefusedError

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs"}
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".parquet": "application/vnd.apache.parquet",
}
_CACHE_CONTROL = "no-cache"
"""A browser may store a file, but asks each time whether it is current: file names do not change with their content, so
a browser that did not ask could show an old figure next to new numbers."""


class _FileInfo(TypedDict):
    size: int


class _FileSystem(Protocol):
    """The part of ``fsspec.AbstractFileSystem`` that is used here; fsspec has no types."""

    def find(self, path: str, maxdepth: int, *, detail: bool) -> dict[str, _FileInfo]: ...
    def cat_file(self, path: str) -> bytes: ...
    def pipe_file(self, path: str, value: bytes, **headers: object) -> None: ...
    def rm_file(self, path: str) -> None: ...
    def _strip_protocol(self, path: str) -> str: ...


class ObjectStore:
    """The objects below an address, such as ``s3://BUCKET/PATH``; the store replaces each object atomically."""

    def __init__(self, address: str) -> None:
        self.name = address.rstrip("/")
        self._scheme = address.partition("://")[0]
        if not self.name.removeprefix(f"{self._scheme}:").strip("/"):
            raise RefusedError(f"{address}: no bucket name; expected {self._scheme}://BUCKET/PATH")
        try:
            import fsspec

            filesystem = fsspec.get_filesystem_class(self._scheme)
        except ImportError:
            command = f"pip install 'optimizer-reportgen[{self._scheme}]'"
            raise RefusedError(f"{address}: needs the package {_PACKAGES[self._scheme]}; run {command}") from None
        with self._client_errors():
            self._files: _FileSystem = filesystem(use_listings_cache=False)

    def __enter__(self) -> ObjectStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Do nothing: every change was made immediately."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The sizes in bytes of those files in ``names`` that exist."""
        with self._client_errors():
            folders = {str(PurePosixPath(name).parent) for name in names}
            # One request per folder instead of one per file.
            found: dict[str, _FileInfo] = {}
            for folder in folders:
                path = self.name if folder == "." else self._path(folder)
                found |= self._files.find(path, maxdepth=1, detail=True)
            start = len(self._files._strip_protocol(self.name)) + 1
        sizes = {path[start:]: int(info["size"]) for path, info in found.items()}
        return {name: sizes[name] for name in names if name in sizes}

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        with self._client_errors():
            try:
                return self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that exists."""
        return hashlib.sha256(self.read(name) or b"").hexdigest()

    def put(self, name: str, content: bytes) -> None:
        """Write a file, and replace an existing one."""
        with self._client_errors():
            self._files.pipe_file(self._path(name), content, **self._headers(name))

    def remove(self, name: str) -> None:
        """Remove a file."""
        with self._client_errors():
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.name}/{name}"

    def _headers(self, name: str) -> dict[str, object]:
        content_type = _CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        if self._scheme == "s3":
            return {"ContentType": content_type, "CacheControl": _CACHE_CONTROL}
        return {"content_type": content_type, "fixed_key_metadata": {"cache_control": _CACHE_CONTROL}}

    @contextmanager
    def _client_errors(self) -> Iterator[None]:
        """Turn any exception of the store's client into a PublishError that names the target."""
        try:
            yield
        except FileNotFoundError:
            raise PublishError(f"{self.name}: bucket does not exist, or access denied") from None
        except Exception as error:
            raise PublishError(f"{self.name}: {str(error) or type(error).__name__}") from error
