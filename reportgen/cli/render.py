"""``reportgen render``: the report from results that are on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from reportgen.cli.browser import open_option, show_in_browser
from reportgen.cli.console import color_option, progress_console
from reportgen.cli.render_options import render_option_flags, template_errors
from reportgen.cli.summary import STDOUT, summary_option, write_summary_of
from reportgen.cli.usage_error import UsageErrors
from reportgen.results.files import MANIFEST, TABLES

_ASSISTANTS = min((os.cpu_count() or 1) - 1, 7)
"""Processes that draw beside this one; more would wait for the disk."""


@click.command(short_help="Make the report from results on disk.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("output"),
    show_default=True,
    metavar="FOLDER",
    help="Where the report goes.",
)
@render_option_flags
@summary_option
@open_option
@color_option
def render(
    results: Path,
    output: Path,
    open_: bool,
    summary: str | None,
    templates: Path | None,
    max_size: float | None,
) -> None:
    """Make the report from RESULTS, a folder that build or run has written, and run nothing.

    \b
    Examples:
      reportgen render output/results
      reportgen render downloaded/results --output site --open
    """
    _check_is_results(results)
    from reportgen.config.model import MAX_SIZE
    from reportgen.execute.events import FigureStart
    from reportgen.progress import Progress
    from reportgen.report import render as render_report
    from reportgen.report.render_options import RenderOptions

    edition = RenderOptions(templates and templates.resolve(), max_size or MAX_SIZE)
    with template_errors(edition.templates), Progress(progress_console()) as progress:

        def show(figure: str) -> None:
            progress.show(FigureStart(figure))

        page = render_report(results, output, show, edition, assistants=_ASSISTANTS)
    if summary != STDOUT:
        click.echo(page)
    if summary:
        write_summary_of(page, summary)
    if open_:
        show_in_browser(page)


def _check_is_results(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageErrors(
            f"{folder}: {'is a file' if folder.exists() else 'is not there'}; a results folder is expected"
        )
    missing = [name for name in (MANIFEST, *TABLES) if not (folder / name).is_file()]
    if missing:
        inside = folder / "results"
        hint = f"; did you mean {inside}?" if (inside / (MANIFEST, *TABLES)[0]).is_file() else ""
        raise UsageErrors(f"{folder}: is no results folder, {', '.join(missing)} not found in it{hint}")
    try:
        manifest = json.loads((folder / (MANIFEST, *TABLES)[0]).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageErrors(f"{folder / (MANIFEST, *TABLES)[0]}: is damaged: {error}") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise UsageErrors(f"{folder / (MANIFEST, *TABLES)[0]}: is not the manifest of a results folder")
