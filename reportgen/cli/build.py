"""``reportgen build`` and ``reportgen run``: the matrix that is asked for, with or without its report."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.browser import open_option, show_in_browser
from reportgen.cli.console import Command, color_option, echo_table, progress_console
from reportgen.cli.render_options import render_option_flags, template_errors, with_absolute_templates
from reportgen.cli.summary import STDOUT, summary_option, write_summary_of
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.config import Config
    from reportgen.execute.events import Event
    from reportgen.pipeline import BuildSummary

SOME_CELLS_FAILED = 3


def _matrix_options(command: Command) -> Command:
    options: list[Callable[[Command], Command]] = [
        click.argument("config", required=False, type=click.Path(path_type=Path)),
        click.option("-o", "--optimizer", "optimizers", multiple=True, metavar="NAME", help=_OPTIMIZER),
        click.option("-l", "--loss", "losses", multiple=True, metavar="NAME", help="A loss, likewise."),
        click.option("--lr", "learning_rates", multiple=True, type=float, help="A learning rate, likewise."),
        click.option("--steps", type=int, help="Steps of each run."),
        click.option("--starts", type=int, help="How many random starts, beside the standard one."),
        click.option("--dtype", metavar="TYPE", help="float32 or float64."),
        click.option("--trace", metavar="RUNS", help="Whose history is kept: all, pictures or none."),
        click.option("--device", metavar="NAME", help='auto, cpu, gpu, tpu, or one of several as in "gpu:1".'),
        click.option(
            "--compile-cache/--no-compile-cache", default=None, help="Keep what is compiled for the next time."
        ),
        click.option("--output", metavar="FOLDER", help="Where report and results go."),
        color_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


_OPTIMIZER = "An optimizer, also adam[beta_2=0.99] or my_opt.py:Lookahead; give it again for more."


@click.command()
@_matrix_options
@render_option_flags
@summary_option
@open_option
def build(config: Path | None, open_: bool, summary: str | None, **flags: Any) -> None:
    """Run what is missing of the matrix, and make the report.

    The matrix comes from the flags, REPORTGEN_* variables, CONFIG (reportgen.toml by default) and
    [tool.reportgen] in pyproject.toml, in this order; a CONFIG that is named stands alone. File names of
    plug-ins are relative to CONFIG.

    \b
    Examples:
      reportgen build
      reportgen build my_matrix.toml --open
      reportgen build -o adam -o "adam[beta_2=0.99]" -l "rosenbrock[dim=20]" --lr 1e-3 --lr 1e-2
    """
    from reportgen import pipeline

    configured = _configured(config, with_absolute_templates(flags))
    with template_errors(configured.templates and configured.base / configured.templates):
        outcome = _execute(pipeline.build, configured)
    if summary != STDOUT:
        _tell(outcome)
    if summary and outcome.site:
        write_summary_of(outcome.site, summary)
    if open_ and outcome.site:
        show_in_browser(outcome.site)
    _exit(outcome)


@click.command()
@_matrix_options
def run(config: Path | None, **flags: Any) -> None:
    """Run what is missing of the matrix, and make no report.

    \b
    Examples:
      reportgen run
      reportgen run my_matrix.toml --device cpu --output /tmp/results
    """
    from reportgen import pipeline

    outcome = _execute(pipeline.run, _configured(config, flags))
    _tell(outcome)
    _exit(outcome)


def _configured(path: Path | None, flags: dict[str, Any]) -> Config:
    from reportgen.config import ConfigError, load

    try:
        return load(path, flags=flags)
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error


def _execute(work: Callable[..., BuildSummary], config: Config) -> BuildSummary:
    from reportgen.progress import Progress

    with Progress(progress_console()) as progress:
        on_event: Callable[[Event], None] = progress.show
        return work(config, on_event=on_event)


def _tell(outcome: BuildSummary) -> None:
    """The best cells and the path on stdout, for people and programs; what was done on stderr."""
    columns = ["loss", "optimizer", "learning rate", "solved", "gap", "steps"]
    if outcome.best:
        echo_table(columns, [_best_row(row) for row in outcome.best], right=frozenset(columns[2:]))
        click.echo()
    click.echo(outcome.site or outcome.results)
    if outcome.nothing_to_do:
        click.echo("Nothing to do: everything was there already.", err=True)
    elif outcome.reused:
        click.echo(f"{outcome.reused} of {outcome.programs} programs were there already.", err=True)
    if outcome.failed_cells:
        cells = "1 cell" if outcome.failed_cells == 1 else f"{outcome.failed_cells} cells"
        click.echo(f"{cells} failed; the results say why.", err=True)


def _best_row(row: dict[str, Any]) -> list[str]:
    return [
        row["loss"],
        row["optimizer"],
        f"{row['learning_rate']:.4g}",
        _number(row["solved"], ".0%"),
        _number(row["gap"], ".2e"),
        _number(row["steps"], ".0f"),
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None or not math.isfinite(value) else format(value, form)


def _exit(outcome: BuildSummary) -> None:
    if outcome.failed_cells:
        click.get_current_context().exit(SOME_CELLS_FAILED)
