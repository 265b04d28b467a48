"""A local directory as a target; a web server may serve it during the publish."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType

from reportgen.regular_files import read_bytes
from reportgen.results.files import atomic_replace, inner_path, sha256


class Directory:
    """The files below a folder. Each is replaced by renaming, so a reader gets the old file or the new one.

    No symbolic link below the folder is followed: OSError.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Do nothing: every change was made immediately."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The sizes in bytes of those files in ``names`` that exist."""
        paths = {name: inner_path(self._folder, name) for name in names}
        return {name: path.stat().st_size for name, path in paths.items() if path.is_file()}

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        path = inner_path(self._folder, name)
        return read_bytes(path) if path.is_file() else None

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that exists."""
        return sha256(inner_path(self._folder, name))

    def put(self, name: str, content: bytes) -> None:
        """Write a file, and replace an existing one."""
        with atomic_replace(inner_path(self._folder, name)) as temporary:
            temporary.write_bytes(content)

    def remove(self, name: str) -> None:
        """Remove a file, and the folders that are empty afterwards."""
        path = inner_path(self._folder, name)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._folder or any(folder.iterdir()):
                return
            folder.rmdir()
