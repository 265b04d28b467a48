"""``reportgen check``: whether an optimizer or a loss is right, in seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.console import color_option, colored, echo_table, progress_console
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.checks import CheckReport

_STATUS_COLOURS = {"ok": "green", "FAILED": "red", "note": "yellow"}


@click.command(short_help="Say whether an optimizer or a loss is right.")
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option(
    "--compile-cache/--no-compile-cache",
    default=True,
    envvar="REPORTGEN_COMPILE_CACHE",
    help="Keep what is compiled for the next time.",
)
@color_option
def check(subject: str, as_json: bool, compile_cache: bool) -> None:
    """Say whether SUBJECT is right: a built-in optimizer or loss, one of a file or module, or all of a file.

    An optimizer is run on a quadratic: whether all it remembers is in its state, whether a batch of runs equals single
    ones, in float32 and float64, in 1, 2, 3 and 50 dimensions. How it compares with gradient descent is shown, not
    judged.

    Of a loss the gradient is held against finite differences, each claimed minimum and saddle is looked at, and 1,000
    descents look for a value below the minimum.

    \b
    Examples:
      reportgen check my_opt.py
      reportgen check my_opt.py:Lookahead --json
      reportgen check "lookahead[base=momentum]"
      reportgen check my_losses.py:valley
      reportgen check "rosenbrock[dim=20]"

    Exit codes: 0 it passed; 1 a check failed; 2 wrong usage.
    """
    from reportgen import checks
    from reportgen.config import ConfigError

    done: list[CheckReport] = []
    try:
        with _working(subject):
            for checked in checks.check(subject, Path.cwd(), compile_cache=compile_cache):
                done.append(checked)
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error
    if as_json:
        facts = [checked.as_json() for checked in done]
        told = facts if _several(subject) else facts[0]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _tell(done)
    if not all(checked.passed for checked in done):
        click.get_current_context().exit(1)


def _several(subject: str) -> bool:
    """Whether it stands for any number of optimizers and losses: a file, or a suite."""
    return subject.endswith(".py") or subject.startswith(("suite:", "tag:"))


def _working(subject: str) -> AbstractContextManager[Any]:
    console = progress_console()
    if console is None:
        return nullcontext()
    from rich.text import Text

    return console.status(Text(f"checking {subject}"))


def _tell(done: Iterable[CheckReport]) -> None:
    for place, checked in enumerate(done):
        if place:
            click.echo()
        click.echo(checked.name)
        for verdict in checked.verdicts:
            _echo_verdict(verdict.status, verdict.name, verdict.detail)
        if checked.comparison:
            click.echo()
            _echo_comparison(checked.comparison)


def _echo_verdict(status: str, name: str, detail: str) -> None:
    shown = f"{status:6}"
    if colored(sys.stdout):
        shown = click.style(shown, fg=_STATUS_COLOURS[status], bold=status == "FAILED")
    click.echo(f"  {shown}  {name:12}  {detail}", color=colored(sys.stdout))


def _echo_comparison(rows: Iterable[dict[str, Any]]) -> None:
    header = ["loss", "optimizer", "best rate", "solved", "gap"]
    table = [
        [row["loss"], each["optimizer"], f"{each['learning_rate']:.4g}", _share(each), _gap(each["gap"])]
        for row in rows
        for each in row["optimizers"]
    ]
    echo_table(header, table, right=frozenset(header[2:]))


def _share(row: dict[str, Any]) -> str:
    return f"{row['solved']}/{row['runs']}"


def _gap(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"
