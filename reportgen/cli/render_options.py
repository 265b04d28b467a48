"""The options of ``build`` and ``render`` for templates and the size of report.html."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from reportgen.cli.console import Command
from reportgen.cli.usage_error import UsageErrors


def render_option_flags(command: Command) -> Command:
    """Add ``--templates`` and ``--max-size`` to a command."""
    folder = click.Path(path_type=Path, exists=True, file_okay=False)
    templates = click.option(
        "--templates", type=folder, metavar="FOLDER", help="Custom templates, which override the default ones."
    )
    size = click.FloatRange(min=0, min_open=True)
    max_size = click.option(
        "--max-size", type=size, metavar="MIB", help="Maximum size of report.html in MiB (default: 10)."
    )
    return templates(max_size(command))


def with_absolute_templates(flags: Mapping[str, object]) -> Mapping[str, object]:
    """The flags with an absolute template folder: a flag is relative to the current folder, not to the config."""
    folder = flags.get("templates")
    return {**flags, "templates": str(folder.resolve())} if isinstance(folder, Path) else flags


@contextmanager
def template_errors(folder: Path | None) -> Iterator[None]:
    """Check the templates in ``folder`` on entry, and report a broken one as wrong usage, then or later."""
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
            str(error), "No page was written. The results are kept, and so is an earlier report."
        ) from error
