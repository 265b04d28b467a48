"""The whole site in one file: its pages under each other, figures and scripts within, links as anchors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reportgen.report.assets import FOLDER, as_data
from reportgen.report.csp import add_policy
from reportgen.report.joining import FIRST, Piece, Pieces, part_id

NAME = "report.html"
STEPS = {
    "player": "the player of paths",
    "rates": "the learning-rate curves of each optimizer",
    "paths": "the paths of each optimizer",
    "figures": "all other figures",
    "cells": "the tables of every cell",
}
"""What is left out, one after the other, until a file is small enough."""

_LEFT_OUT = "<!--left out-->"

_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_SCRIPT = re.compile(rf'<script\b[^>]*\bsrc="(?:\.\./)*{FOLDER}/([^"]+)"')
_SIZE = re.compile(r'\bwidth="(\d+)" height="(\d+)"')
_ADDRESS = re.compile(r"""(?<=\s)(src|href)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_ALT = re.compile(r'\balt="([^"]*)"')

Render = Callable[[str, dict[str, Any]], str]
"""Template and context -> text, without a policy."""


def single(
    pages: Mapping[str, str], asset: Callable[[str], bytes], figures: Collection[str], render: Render, limit: int
) -> str:
    """The text of the file.

    Args:
        pages: the site's pages by name.
        asset: the content of a file in ``assets``.
        figures: those of them that may be left out.
        render: makes a page of a template.
        limit: bytes that it should not exceed; where all that can be left out is not enough, it does.
    """
    scripts = dict.fromkeys(name for text in pages.values() for name in _SCRIPT.findall(text))
    frame = {
        "joined": [
            {"page": page, "id": part_id(page), "first": page == FIRST, "content": Markup(_main(text))}
            for page, text in pages.items()
        ],
        "style": _inline(asset("site.css"), "style"),
        "scripts": [_inline(asset(name), "script") for name in scripts],
        "left_out": Markup(_LEFT_OUT),
    }
    joined = _Joined(Pieces(render("single.html", frame), pages, figures).found, asset)
    gone = joined.gone(limit)
    text = joined.text(gone)
    told = {"left_out": [STEPS[step] for step in gone], "limit": limit / 2**20, "too_large": len(text.encode()) > limit}
    return add_policy(text.replace(_LEFT_OUT, render("left-out.html", told).strip(), 1))


class _Joined:
    """The pieces, and the images in them as data."""

    def __init__(self, pieces: list[Piece], asset: Callable[[str], bytes]) -> None:
        self._pieces = pieces
        self._data = {file: as_data(file, asset(file)) for file in {piece.image for piece in pieces} if file}

    def gone(self, limit: int) -> list[str]:
        """The least that has to be left out, step after step."""
        steps = [step for step in STEPS if any(step in piece.unless for piece in self._pieces)]
        for many in range(len(steps)):
            if self._size(steps[:many]) <= limit:
                return steps[:many]
        return steps

    def _size(self, gone: Sequence[str]) -> int:
        kept = [piece for piece in self._pieces if piece.stays(gone)]
        once = sum(len(self._data[file]) for file in {piece.image for piece in kept if piece.image})
        return once + sum(len(piece.text.encode()) for piece in kept)

    def text(self, gone: Sequence[str]) -> str:
        """The document without what is gone: each figure in it once, however often it is shown."""
        kept = [piece for piece in self._pieces if piece.stays(gone)]
        ids = {id_ for piece in kept for id_ in piece.ids}
        seen = Counter(piece.image for piece in kept if piece.image and not _lone(piece))
        shared = {file: f"picture-{n}" for n, file in enumerate((f for f, times in seen.items() if times > 1), 1)}
        parts = [self._told(piece, ids, shared) for piece in kept]
        return "".join(parts).replace("</body>", f"{self._shared(shared, kept)}</body>", 1)

    def _told(self, piece: Piece, ids: set[str], shared: Mapping[str, str]) -> str:
        if piece.image:
            name = None if _lone(piece) else shared.get(piece.image)
            return _use(piece.text, name) if name else _filled(piece.text, self._data[piece.image])
        return piece.unlinked if piece.target and piece.target not in ids else piece.text

    def _shared(self, shared: Mapping[str, str], kept: Sequence[Piece]) -> str:
        """The images that are shown more than once."""
        tags = {piece.image: piece.text for piece in kept if piece.image in shared}
        images = (
            f'<image id="{name}" {_size_of(tags[file])} href="{_quoted(self._data[file])}"/>'
            for file, name in shared.items()
        )
        return f'<svg class="shared" width="0" height="0" aria-hidden="true"><defs>{"".join(images)}</defs></svg>'


def _main(text: str) -> str:
    found = _MAIN.search(text)
    return found[1] if found else text


def _inline(content: bytes, tag: str) -> Markup:
    return Markup(content.decode().replace(f"</{tag}", rf"<\/{tag}").strip())


def _lone(piece: Piece) -> bool:
    """Whether an image has to stay what it is: it has no size to be drawn at, is in a drawing, or a script knows it."""
    return "player" in piece.unless or not piece.text.startswith("<img") or not _SIZE.search(piece.text)


def _filled(tag: str, data: str) -> str:
    return _ADDRESS.sub(lambda found: f'{found[1]}="{_quoted(data)}"', tag, count=1)


def _use(tag: str, name: str) -> str:
    """An image that shows the shared one."""
    found, alt = _SIZE.search(tag), _ALT.search(tag)
    width, height = found.groups() if found else ("", "")
    return (
        f'<svg class="picture" role="img" aria-label="{alt[1] if alt else ""}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><use href="#{name}"/></svg>'
    )


def _size_of(tag: str) -> str:
    found = _SIZE.search(tag)
    return found[0] if found else ""


def _quoted(data: str) -> str:
    return data.replace("&", "&amp;")
