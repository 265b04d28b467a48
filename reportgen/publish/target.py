"""What every target can do: a set of files by name, some of which may be changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Target(Protocol):
    """Files by their names, parts separated by slashes. A file is replaced as a whole: no reader sees half of one."""

    name: str
    """As the user knows it."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The bytes of those of ``names`` that are there."""
        ...

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Write a file, also over an earlier one."""
        ...

    def remove(self, name: str) -> None:
        """Take a file away."""
        ...
