"""GitHub-flavoured Markdown from names that may be anything, and never longer than a comment may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from reportgen.analysis.number_format import count

LIMIT = 60_000
"""Characters as GitHub and GitLab count them, in UTF-16; GitHub takes 65,536 in a comment."""

LONGEST = 80
"""A longer name is cut."""

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
    """Any text as text: no Markdown, HTML, link, mention or line break is left in it."""
    escaped = _escaped(_clean(str(value), longest))
    # What GitHub and GitLab make of @name, #1, GH-1, !1 and %1 they make after the entities have become letters.
    return re.sub(r"(&#64;|&#35;|\bGH-|&#33;|!|%)(?=\w)", rf"\1{_JOINER}", escaped)


def code(value: object) -> str:
    """A name as it would be typed, in the typeface of code."""
    return f"<code>{_escaped(_clean(str(value), LONGEST)) or ' '}</code>"


def strong(value: object) -> str:
    """A text that is emphasised; by a tag, since stars do not hold beside every letter."""
    return f"<strong>{text(value)}</strong>"


def link(words: str, address: str) -> str:
    """A link to a web address; the words alone where that is none."""
    if not re.match(r"https?://\w", address) or utf16_length(address) > 2000:
        return text(words)
    return f"[{text(words)}]({quote(address, safe=':/?=&%~.,;+-')})"


def _clean(value: str, longest: int) -> str:
    """One line without control characters or orders to write backwards, cut where it is too long."""
    kinds = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": "\ufffd"}
    letters = "".join(kinds.get(unicodedata.category(letter), letter) for letter in _BIDI.sub("", value))
    line = " ".join(letters.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _escaped(line: str) -> str:
    whole = _SPECIAL.sub(lambda found: _ESCAPES[found[0]], line)
    return _LINKS.sub(lambda found: f"&#{ord(found[0])};", whole)


def utf16_length(written: str) -> int:
    """Characters as they are counted for ``LIMIT``."""
    return len(written.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Table:
    """A table of cells that are Markdown already."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    """Places of the columns that are aligned at the right."""
    noun: str = "row"


@dataclass(frozen=True)
class Bullets:
    """A list of items that are Markdown already."""

    items: Sequence[str]
    noun: str = "item"


@dataclass(frozen=True)
class Details:
    """What is folded away until somebody asks."""

    summary: str
    body: Sequence[Block]


Block = str | Table | Bullets | Details


def document(blocks: Iterable[Block], last: str, limit: int = LIMIT) -> str:
    """The blocks one after the other, the most important first, and ``last`` in the end: at most ``limit`` characters.

    A block that is too long is cut at a row or an item and says how many are left out; one that does not fit at all is
    left out. Each may take half of the room that is left, so that those behind it are seen as well.
    """
    room = limit - utf16_length(last) - 2
    parts = []
    for block in blocks:
        whole = "\n".join(_lines(block))
        made = whole if utf16_length(whole) + 2 <= room // 2 else "\n".join(_fitted(block, room // 2 - 2))
        if made:
            parts.append(made)
            room -= utf16_length(made) + 2
    return "\n\n".join([*parts, last]) + "\n"


def _lines(block: Block) -> Iterator[str]:
    """All lines of a block."""
    if isinstance(block, str):
        yield _begun(block)
    elif isinstance(block, Details):
        yield f"<details><summary>{block.summary}</summary>"
        for each in block.body:
            yield ""
            yield from _lines(each)
        yield from ("", "</details>")
    else:
        yield from _head(block)
        yield from _rows(block)


def _fitted(block: Block, room: int) -> Iterator[str]:
    """Those lines of a block for which there is room, and how many rows are left out."""
    if isinstance(block, str):
        return
    if isinstance(block, Details):
        yield from _fitted_details(block, room)
        return
    rows, head = list(_rows(block)), list(_head(block))
    room -= sum(utf16_length(line) + 1 for line in head) + 100
    shown: list[str] = []
    for row in rows:
        room -= utf16_length(row) + 1
        if room < 0:
            break
        shown.append(row)
    if shown:
        yield from (*head, *shown, "", f"… and {count(len(rows) - len(shown), f'more {block.noun}')}.")


def _fitted_details(block: Details, room: int) -> Iterator[str]:
    ends = f"<details><summary>{block.summary}</summary>", "</details>"
    left = room - sum(map(utf16_length, ends)) - 4
    found: list[str] = []
    for each in block.body:
        whole = "\n".join(_lines(each))
        made = whole if utf16_length(whole) + 2 <= left else "\n".join(_fitted(each, left - 2))
        if made:
            found += ["", made]
            left -= utf16_length(made) + 2
    if found:
        yield from (ends[0], *found, "", ends[1])


def _head(block: Table | Bullets) -> Iterator[str]:
    if isinstance(block, Table):
        yield f"| {' | '.join(block.header)} |"
        yield f"| {' | '.join('--:' if place in block.right else '---' for place in range(len(block.header)))} |"


def _rows(block: Table | Bullets) -> Iterator[str]:
    if isinstance(block, Table):
        yield from (f"| {' | '.join(row)} |" for row in block.rows)
    else:
        yield from (f"- {_begun(item)}" for item in block.items)


def _begun(line: str) -> str:
    """A line that does not begin a list, or a heading above it."""
    return _BEGIN.sub(lambda found: f"{found[1]}&#{ord(found[2])};", line)
