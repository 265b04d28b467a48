"""The user's choices for a report: templates, and the largest size of the single file."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reportgen.config.model import MAX_SIZE
from reportgen.regular_files import read_bytes

CARD = "assets/card.png"
"""Path in the site of the preview image that links to the report show."""


@dataclass(frozen=True)
class RenderOptions:
    """The user's choices."""

    templates: Path | None = None
    """A folder of templates, which replace built-in ones of the same name."""
    max_size: float = MAX_SIZE
    """Largest size of ``report.html``, MiB."""

    def key(self) -> bytes:
        """A digest that changes with the choices and with every file in the folder."""
        digest = sha256(str(self.max_size).encode())
        for file in list_files(self.templates):
            name = str(file.relative_to(self.templates or "."))
            digest.update(f"\0{name}\0".encode() + sha256(read_bytes(file)).digest())
        return digest.digest()


DEFAULT_OPTIONS = RenderOptions()
"""Built-in templates and the default size."""


def list_files(folder: Path | None) -> list[Path]:
    """All files in a folder and below it except hidden ones, sorted by path; none if ``folder`` is None."""
    if folder is None:
        return []
    files = (file for file in folder.rglob("*") if not file.is_dir())
    return sorted(file for file in files if not any(part[0] == "." for part in file.relative_to(folder).parts))
