"""``reportgen figures``: write the figures and tables of a report for papers and slides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import click

from reportgen.cli.console import color_option, progress_console
from reportgen.cli.usage_error import UsageErrors

_FORMATS = ("pdf", "png", "svg", "tex", "md")
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
"""The units of LaTeX; its point is 1/72.27 inch."""
_NARROWEST, _WIDEST = 1.5, 20.0
"""Inches."""
_MOST_NAMES = 8
"""Names in an error."""


def _inches(_ctx: click.Context, _option: click.Parameter, value: str) -> float:
    """A length with a unit, in inches."""
    match = re.fullmatch(r"([0-9]*\.?[0-9]+) ?(in|cm|mm|pt)", value.strip())
    inches = float(match[1]) * _INCHES[match[2]] if match else math.nan
    if not _NARROWEST <= inches <= _WIDEST:
        raise click.BadParameter(f"{value}: expected a length from 1.5in to 20in, such as 3.4in, 86mm, 8.6cm or 246pt")
    return inches


@click.command(short_help="Write figures and tables for papers and slides.")
@click.argument("results", type=click.Path(path_type=Path), default=Path("output/results"))
@click.option(
    "--format",
    "formats",
    type=click.Choice(_FORMATS),
    multiple=True,
    help="Format of the files (repeatable; default: all). pdf, png and svg are figures, tex and md are tables.",
)
@click.option(
    "--width",
    callback=_inches,
    default="3.4in",
    show_default=True,
    metavar="LENGTH",
    help="Width of the figures in in, cm, mm or pt.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("figures"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the files.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Names of the figures and tables to write, such as 'beale/*' (repeatable; default: all).",
)
@color_option
def figures(results: Path, formats: tuple[str, ...], width: float, output: Path, only: tuple[str, ...]) -> None:
    """Write the figures and tables of a report as separate files. Nothing is run.

    RESULTS is a results folder or the folder of a report (default: output/results). Figures have a white background,
    embedded fonts and text at 8 pt. Tables are LaTeX for the package booktabs, and Markdown.

    \b
    Examples:
      reportgen figures
      reportgen figures output --format pdf --width 86mm --only runtimes --only 'beale/*'
      reportgen figures output --format tex --output paper/tables
    """
    from reportgen.execute.events import FigureStart
    from reportgen.progress import Progress
    from reportgen.report.papers import NoSuchNameError, write_papers
    from reportgen.results.location import locate
    from reportgen.results.manifest import NotResultsError

    with Progress(progress_console()) as progress:
        try:
            folder = locate(results).folder
            if folder is None:
                raise UsageErrors(f"{results}: a table of runs alone; expected a results folder or a report")
            write_papers(
                folder,
                output,
                formats=list(dict.fromkeys(formats)) or _FORMATS,
                width=width,
                only=only,
                on_item=lambda name: progress.show(FigureStart(name)),
            )
        except NotResultsError as error:
            raise UsageErrors(str(error)) from error
        except NoSuchNameError as error:
            raise UsageErrors(_no_such_name(only, error.names)) from error
    click.echo(output)


def _no_such_name(only: tuple[str, ...], names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"--only {' '.join(only)}: no figure or table has such a name; expected names such as {shown}"
