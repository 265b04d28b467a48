"""The results of a build on the terminal: each optimizer's best configuration by loss, and why runs failed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from reportgen.cli.console import uses_color

if TYPE_CHECKING:
    from reportgen.analysis.best_rows import BestRow, FailedCells
    from reportgen.analysis.head_to_head import HeadToHead

WIDTH = 60
"""Columns of a table of results, also if it is not printed on a terminal."""
MOST_ROWS = 40
"""Of a longer table, only the best optimizer of each loss and the custom ones are printed."""
_HEADER = ("  optimizer", "rate", "solved", "median gap", "steps")


def echo_results(rows: Sequence[BestRow]) -> None:
    """Print the best configurations to stdout, grouped by loss."""
    shown = list(_shown(rows))
    widths = _widths([_HEADER, *(_cells(row) for row in shown)])
    _echo_bold(_line(_HEADER, widths))
    for loss, of_loss in groupby(shown, key=lambda row: row.loss):
        _echo_bold(_cut(loss, WIDTH))
        for row in of_loss:
            click.echo(_line(_cells(row), widths))
    if any(row.custom for row in shown):
        click.echo("* custom optimizer")
    if len(shown) < len(rows):
        click.echo("Shown: the best optimizer of each loss, and custom ones.")


def echo_head_to_head(rows: Sequence[HeadToHead]) -> None:
    """Print the differences of all optimizers from the baseline to stdout."""
    header = ("optimizer", "targets hit", "speed", "faster")
    table = [
        header,
        *((row.optimizer, str(row.hits), str(row.speed), f"{row.faster}/{row.losses}") for row in rows),
    ]
    widths = _widths(table)
    ci = " (95 % CI)" if rows[0].hits.interval else ""
    _echo_bold(_cut(f"Points above {rows[0].baseline}", WIDTH - len(ci)) + ci)
    _echo_bold(_line(header, widths))
    for cells in table[1:]:
        click.echo(_line(cells, widths))


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column; names are cut so that all fit."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * len(widths[1:]))
    return widths


def _shown(rows: Sequence[BestRow]) -> Iterator[BestRow]:
    for _, of_loss in groupby(rows, key=lambda row: row.loss):
        best, *others = of_loss
        yield best
        yield from (row for row in others if row.custom or len(rows) <= MOST_ROWS)


def _cells(row: BestRow) -> tuple[str, ...]:
    name = f"{'*' if row.custom else ' '} {row.optimizer}"
    if row.failed == row.runs:
        return name, "-", "failed", "-", "-"
    return (
        name,
        f"{row.learning_rate:.4g}",
        f"{row.solved}/{row.runs}",
        "-" if row.gap is None else f"{row.gap:.1e}",
        "-" if row.steps is None else f"{row.steps:.0f}",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = cells
    right = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True))
    return "  ".join([_cut(name, widths[0]).ljust(widths[0]), *right])


def _cut(text: str, width: int) -> str:
    """The text without its middle if it is too long: names differ at both ends."""
    if len(text) <= width:
        return text
    tail = width // 3
    return f"{text[: width - tail - 1]}…{text[-tail:]}"


def _echo_bold(text: str) -> None:
    bold = uses_color(sys.stdout)
    # Without color=, click removes the codes if stdout is not a terminal, even with FORCE_COLOR.
    click.echo(click.style(text, bold=True) if bold else text, color=bold)


def failure_lines(failures: Sequence[FailedCells]) -> Iterator[str]:
    """One line for each reason: ``2 configurations failed: mine.py:Mine on quartic: RuntimeError: ... (mine.py:1)``."""
    from reportgen.analysis.number_format import count, names

    for each in failures:
        where = f"{names(each.optimizers)} on {names(each.losses)}"
        # The reason why a plug-in cannot be loaded begins with its name.
        reason = each.reason.removeprefix(f"{each.optimizers[0]}: ").removeprefix(f"{each.losses[0]}: ")
        yield f"{count(each.configurations, 'configuration')} failed: {where}: {reason}"
