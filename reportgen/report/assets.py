"""The files that pages load besides figures: style sheet, font, scripts, and the user's own files."""

from __future__ import annotations

from pathlib import Path

from reportgen.regular_files import read_bytes
from reportgen.report.links import ASSETS
from reportgen.report.math_font import MATH_FONT, read_math_font
from reportgen.report.render_options import list_files
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import find_scripts


def assets(templates: Path | None) -> dict[str, str | bytes]:
    """The files by their paths in the site. Files in ``assets`` of the user's templates replace built-in ones."""
    built_in: dict[str, str | bytes] = {
        "site.css": stylesheet(templates),
        MATH_FONT: read_math_font(),
        **find_scripts(templates),
    }
    folder = templates / ASSETS if templates else None
    users = {file.relative_to(folder).as_posix(): read_bytes(file) for file in list_files(folder) if folder}
    files: dict[str, str | bytes] = {**built_in, **users}
    return {f"{ASSETS}/{name}": content for name, content in files.items()}
