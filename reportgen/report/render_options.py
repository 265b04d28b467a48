"""How a report is made, beyond what it is made of: whose templates, and how large one file may become."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reportgen.config.model import MAX_SIZE

CARD = "assets/card.png"
"""The picture that is shown with a link to the report."""


@dataclass(frozen=True)
class RenderOptions:
    """What the user chose of it."""

    templates: Path | None = None
    """A folder of the user's own templates, which win by name over ours."""
    max_size: float = MAX_SIZE
    """MiB that ``report.html`` may have."""

    def key(self) -> bytes:
        """Changes with the choices and with any file in the folder."""
        made = sha256(str(self.max_size).encode())
        for file in list_files(self.templates):
            name = str(file.relative_to(self.templates or "."))
            made.update(f"\0{name}\0".encode() + sha256(file.read_bytes()).digest())
        return made.digest()


DEFAULT_OPTIONS = RenderOptions()
"""Ours, in the usual size."""


def list_files(folder: Path | None) -> list[Path]:
    """All files below a folder but hidden ones, in the order of their names."""
    if folder is None:
        return []
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in found if not any(p[0] == "." for p in file.relative_to(folder).parts))
