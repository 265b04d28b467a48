"""``--summary``: a report's Markdown into a file or on stdout."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.console import Command

STDOUT = "-"


def summary_option(command: Command) -> Command:
    """Give a command ``--summary``."""
    told = "Also write the Markdown summary to FILE; - prints it in place of all else."
    return click.option("--summary", metavar="FILE", help=told)(command)


def write_summary_of(page: Path, target: str) -> None:
    """Write or print the summary of the report whose first page is ``page``."""
    write_summary(target, (page.parent / "summary.md").read_text(encoding="utf-8"))


def write_summary(target: str, markdown: str) -> None:
    """Write or print it."""
    if target == STDOUT:
        click.echo(markdown, nl=False)
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown, encoding="utf-8", newline="\n")
