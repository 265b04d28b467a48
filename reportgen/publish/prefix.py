"""The folder of a report in its target, and the file names that publish reserves there."""

from __future__ import annotations

import re

from reportgen.publish.errors import RefusedError

INDEX = "index.html"
"""The first page of a report, and the page that lists the reports of a target."""
PUBLISHED = "published.json"
"""The record of the files that publish wrote for one report."""
REPORTS = "reports.json"
"""The list of the reports of a target, for programs."""

_PREFIX = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", re.ASCII)


def is_prefix(value: object) -> bool:
    """Whether ``value`` is a valid prefix: one that reads the same in a file path, an address and a git branch."""
    return isinstance(value, str) and bool(_PREFIX.fullmatch(value))


def check_prefix(prefix: str) -> None:
    """Accept an empty prefix or a valid one.

    Raises:
        RefusedError: the prefix is malformed, or its first folder has a reserved file name.
    """
    if prefix and not is_prefix(prefix):
        raise RefusedError(
            f"--prefix {prefix!r}: expected folders such as pr-123 or branches/main: "
            'letters, digits, "_", "." and "-"; no "." or "-" at the start'
        )
    folder = prefix.split("/")[0]
    if folder in (INDEX, REPORTS, PUBLISHED):
        raise RefusedError(f"--prefix {prefix!r}: {folder} is a reserved file name; choose another prefix")


def target_name(prefix: str, name: str) -> str:
    """The name that the file ``name`` of a report has in its target."""
    return f"{prefix}/{name}" if prefix else name
