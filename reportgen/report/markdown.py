"""GitHub-flavoured Markdown with safely escaped names, cut to the length of a comment."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from reportgen.analysis.number_format import count

LIMIT = 60_000
"""Length of a document in UTF-16 code units, as GitHub and GitLab count. GitHub allows 65,536 in a comment."""

LONGEST_NAME = 80
"""Characters; longer names are cut."""

_ESCAPES = {
    **{letter: f"\\{letter}" for letter in "\\`*_[]~"},
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "|": "&#124;",
    "$": "&#36;",
    "@": "&#64;",
    "#": "&#35;",
}
_SPECIAL = re.compile("[" + re.escape("".join(_ESCAPES)) + "]")
_LINKS = re.compile(r"(?<=www)\.|:(?=//)", re.I)
_BEGIN = re.compile(r"^(\d*)([-+=.)])")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
_JOINER = "&#8288;"


def text(value: object, longest: int = 600) -> str:
    """A value as plain text, without Markdown, HTML, links, mentions or line breaks, cut to ``longest`` characters."""
    escaped = _escape(_single_line(str(value), longest))
    # GitHub and GitLab replace @name, #1, GH-1, !1 and %1 after they have decoded entities.
    return re.sub(r"(&#64;|&#35;|\bGH-|&#33;|!|%)(?=\w)", rf"\1{_JOINER}", escaped)


def code(value: object) -> str:
    """A name in the font of code."""
    return f"<code>{_escape(_single_line(str(value), LONGEST_NAME)) or ' '}</code>"


def strong(value: object) -> str:
    """An emphasised text; with a tag, because stars do not work next to every letter."""
    return f"<strong>{text(value)}</strong>"


def link(words: str, address: str) -> str:
    """A link to a web address; only the words if it is not one."""
    if not re.match(r"https?://\w", address) or utf16_length(address) > 2000:
        return text(words)
    return f"[{text(words)}]({quote(address, safe=':/?=&%~.,;+-')})"


def _single_line(value: str, longest: int) -> str:
    """One line without control characters or changes of the writing direction, cut to ``longest`` characters."""
    replacements = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": "\ufffd"}
    letters = "".join(replacements.get(unicodedata.category(letter), letter) for letter in _BIDI.sub("", value))
    line = " ".join(letters.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _escape(line: str) -> str:
    escaped = _SPECIAL.sub(lambda match: _ESCAPES[match[0]], line)
    return _LINKS.sub(lambda match: f"&#{ord(match[0])};", escaped)


def utf16_length(written: str) -> int:
    """The length in UTF-16 code units."""
    return len(written.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Table:
    """A table with cells in Markdown."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    """Places of the right-aligned columns."""
    noun: str = "row"
    """What a row is, for the note on omitted rows."""


@dataclass(frozen=True)
class Bullets:
    """A list with items in Markdown."""

    items: Sequence[str]
    noun: str = "item"
    """What an item is, for the note on omitted items."""


@dataclass(frozen=True)
class Details:
    """Blocks that are collapsed at first."""

    summary: str
    body: Sequence[Block]


Block = str | Table | Bullets | Details


def table_markdown(table: Table) -> str:
    """A table alone."""
    return "\n".join(_lines(table)) + "\n"


def document(blocks: Iterable[Block], last: str, limit: int = LIMIT) -> str:
    """The blocks and a last line, at most ``limit`` UTF-16 code units long.

    A block that is too long is cut after a row or an item, and says how many are omitted. A block that does not fit at
    all is omitted. A block may use half of the remaining length, so that later ones still fit.

    Args:
        blocks: the most important first.
        last: a line in Markdown that is never omitted.
        limit: the largest length.
    """
    remaining = limit - utf16_length(last) - 2
    parts = []
    for block in blocks:
        full = "\n".join(_lines(block))
        fitting = full if utf16_length(full) + 2 <= remaining // 2 else "\n".join(_fit(block, remaining // 2 - 2))
        if fitting:
            parts.append(fitting)
            remaining -= utf16_length(fitting) + 2
    return "\n\n".join([*parts, last]) + "\n"


def _lines(block: Block) -> Iterator[str]:
    """All lines of a block."""
    if isinstance(block, str):
        yield _escape_beginning(block)
    elif isinstance(block, Details):
        yield f"<details><summary>{block.summary}</summary>"
        for each in block.body:
            yield ""
            yield from _lines(each)
        yield from ("", "</details>")
    else:
        yield from _head(block)
        yield from _rows(block)


def _fit(block: Block, limit: int) -> Iterator[str]:
    """The lines of a block that fit, and how many rows are omitted."""
    if isinstance(block, str):
        return
    if isinstance(block, Details):
        yield from _fit_details(block, limit)
        return
    rows, head = list(_rows(block)), list(_head(block))
    remaining = limit - sum(utf16_length(line) + 1 for line in head) - 100
    fitting: list[str] = []
    for row in rows:
        remaining -= utf16_length(row) + 1
        if remaining < 0:
            break
        fitting.append(row)
    if fitting:
        yield from (*head, *fitting, "", f"… and {count(len(rows) - len(fitting), f'more {block.noun}')}.")


def _fit_details(block: Details, limit: int) -> Iterator[str]:
    begin, end = f"<details><summary>{block.summary}</summary>", "</details>"
    remaining = limit - utf16_length(begin) - utf16_length(end) - 4
    lines: list[str] = []
    for each in block.body:
        full = "\n".join(_lines(each))
        fitting = full if utf16_length(full) + 2 <= remaining else "\n".join(_fit(each, remaining - 2))
        if fitting:
            lines += ["", fitting]
            remaining -= utf16_length(fitting) + 2
    if lines:
        yield from (begin, *lines, "", end)


def _head(block: Table | Bullets) -> Iterator[str]:
    if isinstance(block, Table):
        yield f"| {' | '.join(block.header)} |"
        yield f"| {' | '.join('--:' if place in block.right else '---' for place in range(len(block.header)))} |"


def _rows(block: Table | Bullets) -> Iterator[str]:
    if isinstance(block, Table):
        yield from (f"| {' | '.join(row)} |" for row in block.rows)
    else:
        yield from (f"- {_escape_beginning(item)}" for item in block.items)


def _escape_beginning(line: str) -> str:
    """The line, escaped if it would begin a list or underline a heading."""
    return _BEGIN.sub(lambda match: f"{match[1]}&#{ord(match[2])};", line)
