"""``reportgen build`` and ``reportgen run``: run the matrix, with or without a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.browser import open_option, show_in_browser
from reportgen.cli.build_output import print_outcome, print_preview
from reportgen.cli.completion import complete_losses, complete_optimizers
from reportgen.cli.console import Command, color_option, progress_console
from reportgen.cli.output_options import OutputOptions, output_options
from reportgen.cli.progress_lines import progress_lines
from reportgen.cli.render_options import render_option_flags, template_errors, with_absolute_templates
from reportgen.cli.stage_times import StageTimes, time_lines
from reportgen.cli.summary import STDOUT, summary_option, write_summary_of
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.config import Config
    from reportgen.execute.events import Event
    from reportgen.pipeline import BuildSummary
    from reportgen.shards import Shard

SOME_FAILED = 3
_REPEATABLE = "(repeatable; default: all in the config)"


def _matrix_options(command: Command) -> Command:
    options: list[Callable[[Command], Command]] = [
        click.argument("config", required=False, type=click.Path(path_type=Path)),
        click.option(
            "-o",
            "--optimizer",
            "optimizers",
            multiple=True,
            metavar="NAME",
            help=_OPTIMIZER,
            shell_complete=complete_optimizers,
        ),
        click.option(
            "-l",
            "--loss",
            "losses",
            multiple=True,
            metavar="NAME",
            help=f"Loss to run {_REPEATABLE}.",
            shell_complete=complete_losses,
        ),
        click.option("--lr", "learning_rates", multiple=True, type=float, help=f"Learning rate to run {_REPEATABLE}."),
        click.option("--steps", type=int, help="Steps per run."),
        click.option("--starts", type=int, help="Number of random starts, in addition to the standard start."),
        click.option("--trials", "tune", type=int, help="Tune each optimizer with this number of trials (default: 0)."),
        click.option("--baseline", metavar="NAME", help="Optimizer to compare every other one with."),
        click.option("--dtype", metavar="TYPE", help="Precision: float32 or float64."),
        click.option("--basins", type=int, metavar="N", help="Map where N x N starts end (default: 0, no maps)."),
        click.option(
            "--trace",
            metavar="RUNS",
            help="Which trajectories to store: all, none, or pictures (those that the pictures need).",
        ),
        click.option(
            "--device", metavar="NAME", help='auto, cpu, gpu, tpu, or one of several devices, such as "gpu:1".'
        ),
        click.option(
            "--cluster",
            metavar="ADDRESS",
            help="Run the programs on a cluster: the address of a Dask scheduler, or slurm.",
        ),
        click.option("--memory-limit", type=float, metavar="GIB", help="Memory that a worker process may use, in GiB."),
        click.option("--output", metavar="FOLDER", help="Folder for the report and its results."),
        color_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


_OPTIMIZER = f"Optimizer to run, also as adam[beta_2=0.99] or my_opt.py:Lookahead {_REPEATABLE}."


@click.command()
@_matrix_options
@render_option_flags
@summary_option
@output_options
@open_option
def build(
    config: Path | None,
    open_: bool,
    summary: str | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    dry_run: bool,
    **flags: object,
) -> None:
    """Run what has no results yet, and write the report.

    A config describes a matrix: every combination of an optimizer, a learning rate, a loss and a start. Settings come
    from flags, REPORTGEN_* variables, reportgen.toml and [tool.reportgen] in pyproject.toml. If several of these have
    the same setting, the first one in this order wins. A config file CONFIG replaces both files. Paths of custom losses
    and optimizers are relative to its folder.

    \b
    Examples:
      reportgen build
      reportgen build my_matrix.toml --open
      reportgen build -o adam -o "adam[beta_2=0.99]" -l "rosenbrock[dim=20]" --lr 1e-3 --lr 1e-2
      reportgen build --baseline adam --dry-run
    """
    from reportgen import pipeline

    options = OutputOptions(quiet, verbose, as_json, dry_run, summary_only=summary == STDOUT)
    settings = _load_config(config, with_absolute_templates(flags))
    if dry_run:
        _print_plan(settings, options)
        return
    if not quiet:
        _warn_of_memory(settings)
    with template_errors(settings.templates and settings.base / settings.templates):
        outcome = _execute(pipeline.build, settings, options)
    if summary and outcome.site:
        write_summary_of(outcome.site, summary)
    if open_ and outcome.site:
        show_in_browser(outcome.site)
    _exit_if_failed(outcome)


def _shard(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Shard | None:
    """The shard that a text such as ``3/16`` names."""
    from reportgen.shards import Shard

    try:
        return None if text is None else Shard.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@_matrix_options
@click.option(
    "--shard",
    callback=_shard,
    metavar="K/N",
    help="Run only the Kth of N parts of about equal cost; the parts are joined by reportgen merge.",
)
@output_options
def run(
    config: Path | None,
    shard: Shard | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    dry_run: bool,
    **flags: object,
) -> None:
    """Run what has no results yet, without a report.

    \b
    Examples:
      reportgen run
      reportgen run my_matrix.toml --device cpu --output /tmp/results
      reportgen run my_matrix.toml --shard 3/16 --output part-3
    """
    from reportgen import pipeline

    options = OutputOptions(quiet, verbose, as_json, dry_run)
    settings = _load_config(config, flags)
    if dry_run:
        _print_plan(settings, options, shard)
        return
    action = partial(pipeline.run_shard, shard=shard) if shard else pipeline.run
    _exit_if_failed(_execute(action, settings, options))


def _load_config(path: Path | None, flags: Mapping[str, object]) -> Config:
    from reportgen.config import load

    with _config_errors():
        return load(path, flags=flags)


@contextmanager
def _config_errors() -> Iterator[None]:
    """Report errors in the config as wrong usage."""
    from reportgen.config import ConfigError

    try:
        yield
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error


def _print_plan(config: Config, options: OutputOptions, shard: Shard | None = None) -> None:
    from reportgen.preview import preview

    with _config_errors():
        plan = preview(config, shard)
    print_preview(plan, options)


def _warn_of_memory(config: Config) -> None:
    """Say on stderr if the report probably needs more memory than this machine has."""
    from reportgen.config import matrix_size
    from reportgen.config.memory import machine_memory, report_memory

    needed, memory = report_memory(*matrix_size(config)), machine_memory()
    if memory and needed > memory:
        click.echo(
            f"Warning: this report needs about {needed / 2**30:,.0f} GiB of memory; this machine has "
            f"{memory / 2**30:,.0f} GiB. Results without a report need less: reportgen run.",
            err=True,
        )


def _execute(action: Callable[..., BuildSummary], config: Config, options: OutputOptions) -> BuildSummary:
    """Build or run with a progress display, and print the outcome."""
    times = StageTimes()
    with _config_errors(), _progress(options) as show:

        def on_event(event: Event) -> None:
            times.note(event)
            show(event)

        outcome = action(config, on_event=on_event)
    print_outcome(outcome, options)
    if options.verbose:
        for line in time_lines(times, outcome.results):
            click.echo(line, err=True)
    return outcome


@contextmanager
def _progress(options: OutputOptions) -> Iterator[Callable[[Event], None]]:
    """What shows the progress on stderr: a bar on a terminal, else a line every 10 s; nothing with ``--quiet``."""
    if options.quiet:
        yield lambda _event: None
        return
    console = progress_console()
    if console is None:
        with progress_lines() as lines:
            yield lines.show
        return
    from reportgen.progress import Progress

    with Progress(console) as progress:
        yield progress.show


def _exit_if_failed(outcome: BuildSummary) -> None:
    if outcome.failed_cells:
        click.get_current_context().exit(SOME_FAILED)
