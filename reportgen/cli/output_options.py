"""The options of ``build`` and ``run`` that decide what is printed, and whether anything is run."""

from __future__ import annotations

from dataclasses import dataclass

import click

from reportgen.cli.console import Command


@dataclass(frozen=True)
class OutputOptions:
    """What to print."""

    quiet: bool = False
    """Only errors and the path."""
    verbose: bool = False
    """Also the time of each stage."""
    as_json: bool = False
    dry_run: bool = False
    """Print the plan, and do nothing."""
    summary_only: bool = False
    """Whether the Markdown summary takes the place of all other output."""

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise click.UsageError("--quiet and --verbose exclude each other.")
        if self.as_json and self.summary_only:
            raise click.UsageError("--json and --summary - exclude each other.")


def output_options(command: Command) -> Command:
    """Add ``--quiet``, ``--verbose``, ``--json`` and ``--dry-run`` to a command."""
    options = (
        click.option("-q", "--quiet", is_flag=True, help="Print only errors and the path."),
        click.option("-v", "--verbose", is_flag=True, help="Also print the time of each stage."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--dry-run", is_flag=True, help="Print what would run, and run nothing."),
    )
    for option in reversed(options):
        command = option(command)
    return command
