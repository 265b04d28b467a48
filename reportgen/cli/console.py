"""Decides which streams get colours and a progress display, and prints aligned plain tables."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., object])

_MIN_WIDTH = 12
"""Characters that each column of a table keeps on a narrow screen."""


def color_option(command: Command) -> Command:
    """Add ``--no-color`` to a command."""
    return click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        callback=_disable_color,
        help="Disable colours; the same as NO_COLOR=1.",
    )(command)


def _disable_color(ctx: click.Context, _: click.Parameter, no_color: bool) -> None:
    if no_color:
        ctx.color = False


def uses_color(stream: TextIO) -> bool:
    """Whether to colour the stream; --no-color, NO_COLOR, FORCE_COLOR and TERM decide, in this order."""
    ctx = click.get_current_context(silent=True)
    if (ctx and ctx.color is False) or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def progress_console() -> Console | None:
    """A console on stderr for a progress display; None if stderr is not a terminal."""
    if not is_terminal(sys.stderr):
        return None
    from rich.console import Console

    # "auto" would ignore --no-color.
    return Console(stderr=True, color_system="standard" if uses_color(sys.stderr) else None, highlight=False)


def echo_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[str] = frozenset()) -> None:
    """Print a table with aligned columns to stdout. On a terminal, rows are cut to its width.

    Args:
        header: the names of the columns.
        rows: one text per column.
        right: the names of the right-aligned columns.
    """
    # rich.table needs the same code for widths and trailing spaces, and makes `list losses` 60 ms slower.
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    if sys.stdout.isatty():
        _shrink(widths, shutil.get_terminal_size().columns)
    lines = [
        "  ".join(_align(text, width, name in right) for text, width, name in zip(row, widths, header, strict=True))
        for row in [header, *rows]
    ]
    for number, line in enumerate(lines):
        bold = number == 0 and uses_color(sys.stdout)
        # Without color=, click removes the codes if stdout is not a terminal, even with FORCE_COLOR.
        click.echo(click.style(line.rstrip(), bold=True) if bold else line.rstrip(), color=bold)


def _shrink(widths: list[int], total: int) -> None:
    """Shrink the widest columns until the table fits, but none below the minimum width."""
    while sum(widths) + 2 * (len(widths) - 1) > total and max(widths) > _MIN_WIDTH:
        widths[widths.index(max(widths))] -= 1


def _align(text: str, width: int, right: bool) -> str:
    cut = text if len(text) <= width else f"{text[: width - 1]}…"
    return cut.rjust(width) if right else cut.ljust(width)
