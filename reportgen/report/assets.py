"""What pages load besides figures: the style sheet, the scripts, the user's own pictures; and files as data."""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

from reportgen.report.render_options import list_files
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import find_scripts

FOLDER = "assets"
_PLAIN = " =:/,;()'!*@$+?-._~"


def assets(templates: Path | None) -> dict[str, str | bytes]:
    """The files by their names in the site; what a user's folder has in its ``assets`` wins over ours."""
    texts = {"site.css": stylesheet(templates), **find_scripts(templates)}
    own = templates / FOLDER if templates else None
    mine = {file.relative_to(own).as_posix(): file.read_bytes() for file in list_files(own) if own}
    found: dict[str, str | bytes] = {**texts, **mine}
    return {f"{FOLDER}/{name}": content for name, content in found.items()}


def as_data(name: str, content: bytes) -> str:
    """A file as an address that holds all of it, in the shorter of the two ways to write that."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    encoded = f"data:{kind};base64,{b64encode(content).decode()}"
    if kind != "image/svg+xml":
        return encoded
    return min(f"data:{kind},{quote(content, safe=_PLAIN)}", encoded, key=len)
