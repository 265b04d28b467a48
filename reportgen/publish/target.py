"""The interface of every target: a set of files by name, which can be read, written and removed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Target(Protocol):
    """Files by name, with ``/`` between folders. Each file is replaced atomically: no reader sees half of one."""

    name: str
    """The target as the user named it, for messages."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The sizes in bytes of those files in ``names`` that exist."""
        ...

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        ...

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that exists."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Write a file, and replace an existing one."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file."""
        ...
