"""A directory as a target, also one that a web server is reading."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType

from reportgen.results.files import atomic_replace


class Directory:
    """The files below a folder; each is replaced by renaming, so that a reader has the old one or the new one."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is left to be done: every change has been made at once."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The bytes of those of ``names`` that are there."""
        paths = {name: self._folder / name for name in names}
        return {name: path.stat().st_size for name, path in paths.items() if path.is_file()}

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        path = self._folder / name
        return path.read_bytes() if path.is_file() else None

    def put(self, name: str, content: bytes) -> None:
        """Write a file, also over an earlier one."""
        with atomic_replace(self._folder / name) as temporary:
            temporary.write_bytes(content)

    def remove(self, name: str) -> None:
        """Take a file away, and the folders that it leaves empty."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._folder or any(folder.iterdir()):
                return
            folder.rmdir()
