"""Whether a stream may be coloured, and plain tables that line up."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])


def color_option(command: Command) -> Command:
    """Give a command ``--no-color``."""
    return click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="No colours; the same as NO_COLOR=1 in the environment.",
    )(command)


def _remember(ctx: click.Context, _: click.Parameter, no_color: bool) -> None:
    if no_color:
        ctx.color = False


def colored(stream: TextIO) -> bool:
    """Whether the stream may be coloured, by --no-color, NO_COLOR, FORCE_COLOR and TERM, in this order."""
    ctx = click.get_current_context(silent=True)
    if (ctx and ctx.color is False) or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at the stream on a screen that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def progress_console() -> Console | None:
    """Where a progress display belongs: stderr on a screen; None where nobody looks."""
    if not is_terminal(sys.stderr):
        return None
    from rich.console import Console

    # "auto" would ask the environment again; without a colour system no escape code for a style is written.
    return Console(stderr=True, color_system="standard" if colored(sys.stderr) else None, highlight=False)


def echo_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[str] = frozenset()) -> None:
    """Print rows with their columns aligned on stdout, cut to the width of the screen if that is one.

    Args:
        header: the columns' names.
        rows: one text a column.
        right: the names of the columns that are aligned at the right.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    if sys.stdout.isatty():
        _narrow(widths, shutil.get_terminal_size().columns)
    aligned = [
        "  ".join(_cell(text, width, name in right) for text, width, name in zip(row, widths, header, strict=True))
        for row in [header, *rows]
    ]
    for number, line in enumerate(aligned):
        bold = number == 0 and colored(sys.stdout)
        # click would take the codes out again where it sees no terminal, though FORCE_COLOR asks for them.
        click.echo(click.style(line.rstrip(), bold=True) if bold else line.rstrip(), color=bold)


def _narrow(widths: list[int], total: int) -> None:
    """Take from the widest columns what is too much for the screen, but leave each 12 characters."""
    while sum(widths) + 2 * (len(widths) - 1) > total and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1


def _cell(text: str, width: int, right: bool) -> str:
    cut = text if len(text) <= width else f"{text[: width - 1]}…"
    return cut.rjust(width) if right else cut.ljust(width)
