"""The options that say how a report is made: with whose templates, and in which size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from reportgen.cli.console import Command
from reportgen.cli.usage_error import UsageErrors


def render_option_flags(command: Command) -> Command:
    """Give a command ``--templates`` and ``--max-size``."""
    folder = click.Path(path_type=Path, exists=True, file_okay=False)
    templates = click.option("--templates", type=folder, metavar="FOLDER", help="Your own templates, used before ours.")
    size = click.FloatRange(min=0, min_open=True)
    max_size = click.option("--max-size", type=size, metavar="MIB", help="How large report.html may be; 10 by default.")
    return templates(max_size(command))


def with_absolute_templates(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags, with a folder relative to the current one in the place of one that a config file would have."""
    folder = flags.get("templates")
    return flags | {"templates": str(folder.resolve())} if folder else flags


@contextmanager
def template_errors(folder: Path | None) -> Iterator[None]:
    """Look at the user's templates before anything is run, and tell what is wrong with one, then or later."""
    if folder is None:
        yield
        return
    from reportgen.report.template import TemplateError, check_templates

    try:
        check_templates(folder)
    except TemplateError as error:
        raise UsageErrors(str(error)) from error
    try:
        yield
    except TemplateError as error:
        raise UsageErrors(
            str(error), "No page was written; the results are kept, and so is an earlier report."
        ) from error
