"""``reportgen render``: write the report from results on disk."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reportgen.cli.browser import open_option, show_in_browser
from reportgen.cli.console import color_option, progress_console
from reportgen.cli.render_options import render_option_flags, template_errors
from reportgen.cli.summary import STDOUT, summary_option, write_summary_of
from reportgen.cli.usage_error import UsageErrors
from reportgen.results.files import MANIFEST, TABLES

_WORKERS = min((os.cpu_count() or 1) - 1, 7)
"""Processes that draw figures in addition to this one; with more, the disk is the bottleneck."""


@click.command(short_help="Write the report from results on disk.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("output"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the report.",
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
    """Write the report from RESULTS, a folder that build or run has written. Nothing is run.

    \b
    Examples:
      reportgen render output/results
      reportgen render downloaded/results --output site --open
    """
    _check_results_folder(results)
    from reportgen.config.model import MAX_SIZE
    from reportgen.execute.events import FigureStart
    from reportgen.progress import Progress
    from reportgen.report import render as render_report
    from reportgen.report.render_options import RenderOptions
    from reportgen.results.manifest import NotResultsError

    options = RenderOptions(templates and templates.resolve(), max_size or MAX_SIZE)
    with template_errors(options.templates), Progress(progress_console()) as progress:

        def show(figure: str) -> None:
            progress.show(FigureStart(figure))

        try:
            page = render_report(results, output, show, options, workers=_WORKERS)
        except NotResultsError as error:
            raise UsageErrors(str(error)) from error
    if summary != STDOUT:
        click.echo(page)
    if summary:
        write_summary_of(page, summary)
    if open_:
        show_in_browser(page)


def _check_results_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageErrors(
            f"{folder}: {'is a file' if folder.exists() else 'does not exist'}; expected a results folder"
        )
    missing = [name for name in (MANIFEST, *TABLES) if not (folder / name).is_file()]
    if missing:
        subfolder = folder / "results"
        hint = f"; did you mean {subfolder}?" if (subfolder / MANIFEST).is_file() else ""
        raise UsageErrors(f"{folder}: not a results folder: {', '.join(missing)} not found{hint}")
