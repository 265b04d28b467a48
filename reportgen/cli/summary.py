"""The ``--summary`` option: write the Markdown of a report to a file or to stdout."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.console import Command
from reportgen.failure import write_errors
from reportgen.regular_files import read_text

STDOUT = "-"


def summary_option(command: Command) -> Command:
    """Add ``--summary`` to a command."""
    return click.option(
        "--summary",
        metavar="FILE",
        help="Also write the Markdown summary to FILE; - prints it instead of all other output.",
    )(command)


def write_summary_of(page: Path, target: str) -> None:
    """Write the summary of the report with the first page ``page``; ``target`` is a file, or - for stdout."""
    write_summary(target, read_text(page.parent / "summary.md"))


def write_summary(target: str, markdown: str) -> None:
    """Write the Markdown; ``target`` is a file, or - for stdout."""
    if target == STDOUT:
        click.echo(markdown, nl=False)
        return
    path = Path(target)
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markdown, encoding="utf-8", newline="\n")
