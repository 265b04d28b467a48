"""Tables in LaTeX with booktabs; all texts are escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reportgen.report.paper_tables import Strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.paper_tables import PaperTable

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "{}$&#%_"},
    "<": "$<$",
    ">": "$>$",
    "−": "$-$",
    "–": "--",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "∞": r"$\infty$",
    "…": r"\ldots{}",
    "\u202f": r"\,",
    "[": "{[}",
    "]": "{]}",
}
"""Square brackets at the beginning of a row would be the option of the line break before it."""
_SUPERSCRIPTS = {ord(letter): plain for letter, plain in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True)}
_POWER = re.compile("(?:(−?[0-9.]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")

_LONGEST_HEADING = 12
"""Letters of a heading on one line."""


def latex_table(table: PaperTable) -> str:
    """The table as a ``tabular``, for ``\\input`` inside a ``table`` that has the caption."""
    columns = "".join("l" if place in table.texts else "r" for place in range(len(table.header)))
    lines = [
        r"% \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        f"{' & '.join(map(_heading, table.header, columns))} \\\\",
        r"\midrule",
        *map(_row, table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def latex_text(text: str) -> str:
    """A text on one line with all special characters escaped, and powers of ten in math mode."""
    line = re.sub(r"[ \t\r\n]+", " ", text).strip(" ")
    parts, end = [], 0
    for match in _POWER.finditer(line):
        parts += [_escape(line[end : match.start()]), _power(match)]
        end = match.end()
    return "".join([*parts, _escape(line[end:])])


def _heading(text: str, column: str) -> str:
    """The heading of a column; a long one on two lines, because it would be wider than the numbers below it."""
    spaces = [match.start() for match in re.finditer(" ", text)]
    if len(text) <= _LONGEST_HEADING or not spaces:
        return _cell(text)
    middle = min(spaces, key=lambda at: abs(2 * at - len(text)))
    return rf"\shortstack[{column}]{{{latex_text(text[:middle])}\\{latex_text(text[middle:])}}}"


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(_cell, cells))} \\\\"


def _cell(cell: str) -> str:
    return rf"\textbf{{{latex_text(cell)}}}" if isinstance(cell, Strong) else latex_text(cell)


def _escape(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _power(match: re.Match[str]) -> str:
    factor = rf"{match[1]} \cdot ".replace("−", "-") if match[1] else ""
    return f"${factor}10^{{{match[2].translate(_SUPERSCRIPTS)}}}$"
