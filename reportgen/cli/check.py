"""``reportgen check``: verify an optimizer or a loss in seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.completion import complete_subjects
from reportgen.cli.console import color_option, echo_table, progress_console, uses_color
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.checks import CheckReport
    from reportgen.checks.baseline_comparison import BaselineRow

_STATUS_COLOURS = {"ok": "green", "FAILED": "red", "note": "yellow"}


@click.command(short_help="Verify an optimizer or loss.")
@click.argument("subject", shell_complete=complete_subjects)
@click.option("--against", metavar="OPTIMIZER", help="Compare the steps of SUBJECT with those of OPTIMIZER.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@color_option
def check(subject: str, against: str | None, as_json: bool) -> None:
    """Verify SUBJECT: a built-in optimizer or loss, one from a file or module, or all in a file, suite or tag.

    An optimizer runs on a quadratic loss, in float32 and float64, in 1, 2, 3 and 50 dimensions. The checks verify that
    it keeps nothing outside its state, and that a run in a batch gives the same result as the run alone. A comparison
    with gradient descent is for information only.

    The gradient of a loss is compared with finite differences. Each declared minimum and saddle is verified, and
    1,000 descents search for a value below the minimum.

    With --against, two optimizers get the same positions and gradients, and every step is compared in both precisions.

    \b
    Examples:
      reportgen check my_opt.py
      reportgen check my_opt.py:Lookahead --json
      reportgen check my_opt.py:AdamW --against torch:AdamW
      reportgen check "lookahead[base=momentum]"
      reportgen check my_losses.py:valley
      reportgen check "rosenbrock[dim=20]"

    Exit codes: 0 passed; 1 a check failed; 2 wrong usage.
    """
    from reportgen import checks
    from reportgen.config import ConfigError

    try:
        with _status_display(subject) as show:
            if against is None:
                reports = list(checks.check(subject, Path.cwd(), on_stage=show))
            else:
                reports = [checks.check_same_steps(subject, against, Path.cwd())]
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error
    if as_json:
        facts = [report.as_json() for report in reports]
        value = facts if _names_several(subject) else facts[0]
        click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print_reports(reports)
    if not all(report.passed for report in reports):
        click.get_current_context().exit(1)


def _names_several(subject: str) -> bool:
    """Whether it names any number of optimizers and losses: a file, a suite or a tag."""
    return subject.endswith(".py") or subject.startswith(("suite:", "tag:"))


@contextmanager
def _status_display(subject: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is checked, and let the caller say which check runs."""
    console = progress_console()
    if console is None:
        yield lambda _stage: None
        return
    from rich.text import Text

    with console.status(Text(f"checking {subject}")) as status:
        yield lambda stage: status.update(Text(f"checking {stage}"))


def _print_reports(reports: Iterable[CheckReport]) -> None:
    from reportgen.checks.next_step import next_step

    for number, report in enumerate(reports):
        if number:
            click.echo()
        click.echo(report.name)
        for verdict in report.verdicts:
            _print_verdict(verdict.status, verdict.name, verdict.detail)
        if advice := next_step(report):
            click.echo(f"  {advice}")
        if report.comparison:
            click.echo()
            _print_comparison(report.comparison)


def _print_verdict(status: str, name: str, detail: str) -> None:
    text = f"{status:6}"
    if uses_color(sys.stdout):
        text = click.style(text, fg=_STATUS_COLOURS[status], bold=status == "FAILED")
    click.echo(f"  {text}  {name:12}  {detail}", color=uses_color(sys.stdout))


def _print_comparison(rows: Iterable[BaselineRow]) -> None:
    header = ["loss", "optimizer", "best rate", "solved", "gap"]
    table = [
        [
            row.loss,
            entry.optimizer,
            f"{entry.learning_rate:.4g}",
            f"{entry.solved}/{entry.runs}",
            "-" if entry.gap is None else f"{entry.gap:.2e}",
        ]
        for row in rows
        for entry in row.optimizers
    ]
    echo_table(header, table, right=frozenset(header[2:]))
