"""Takes the joined pages apart into pieces that can be kept or left out, with their links turned into anchors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from reportgen.report.assets import FOLDER

FIRST = "index.html"
"""The page whose ids stay as they are."""
KINDS = {"rates": "rates", "paths": "paths"}
"""Kind of a figure, the first word of its file -> what it is left out as; all others as ``figures``."""
_PARTS = {"player": "player", "every-cell": "cells"}
"""Class of an element -> what it is left out as, with all that is in it."""
_INSTEAD = {
    "cells": '<p class="empty">This table is left out of this file, whose size is limited.</p>',
    "player": "",
}
_REFERENCES = ("for", "headers", "list", "form", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns")
_LONG = 2000
_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
_ATTRIBUTE = re.compile(r"""(?<=\s)([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+)""")


@dataclass
class Piece:
    """Some of the text, and when it is there."""

    text: str
    unless: tuple[str, ...] = ()
    """It goes with any of these; where one begins with "!", it comes instead of what goes."""
    ids: tuple[str, ...] = ()
    target: str = ""
    """The id that its link leads to; without that id the text ``unlinked`` stands in its place."""
    unlinked: str = ""
    image: str = ""
    """The file of an image whose tag this is."""

    def stays(self, gone: Iterable[str]) -> bool:
        """Whether it is there where ``gone`` is left out."""
        return all((each.lstrip("!") in gone) == each.startswith("!") for each in self.unless)


def part_id(page: str) -> str:
    """The id of a page's part in the joined document."""
    return "content" if page == FIRST else page.removesuffix(".html").replace("/", "-")


class Pieces(HTMLParser):
    """The pieces of a document in which each page but the first is an ``<article data-page="its name">``."""

    def __init__(self, text: str, pages: Iterable[str], figures: Iterable[str]) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Piece] = []
        self._pages, self._figures = set(pages), set(figures)
        self._page = FIRST
        self._inside: tuple[str, ...] = ()
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where it is, and rewrite what it refers to."""
        if tag == "article" and (page := dict(attrs).get("data-page")):
            self._page = page
        if self._open and tag == self._open[0]:
            self._open.append(tag)
        parts = [_PARTS[name] for name in (dict(attrs).get("class") or "").split() if name in _PARTS]
        if parts and not self._open:
            self._add(_INSTEAD[parts[0]], f"!{parts[0]}")
            self._inside, self._open = (parts[0],), [tag]
        self._tag(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the parser's
        """An element that ends at once."""
        self._tag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note what is left."""
        self._add(f"</{self._level(tag)}>")
        if tag == "article":
            self._page = FIRST
        if self._open and tag == self._open[0]:
            self._open.pop()
            self._inside = self._inside if self._open else ()

    def handle_data(self, data: str) -> None:
        """Text."""
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        """A named character."""
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """A numbered character."""
        self._add(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        """A comment."""
        self._add(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        """The document type."""
        self._add(f"<!{decl}>")

    def _add(self, text: str, *unless: str) -> None:
        conditions = (*self._inside, *unless)
        last = self.found[-1] if self.found else None
        # A text that grows word by word is copied each time: one of a whole table would be so for ever.
        if last and last.unless == conditions and not (last.target or last.image) and len(last.text) < _LONG:
            last.text += text
        else:
            self.found.append(Piece(text, conditions))

    def _tag(self, tag: str) -> None:
        raw = (self.get_starttag_text() or "").replace(f"<{tag}", f"<{self._level(tag)}", 1)
        if "=" not in raw:
            self._add(raw)
            return
        values = {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(raw)}
        changed = {name: self._own(value) for name, value in values.items() if name in _REFERENCES}
        if "id" in values:
            changed["id"] = self._own(values["id"])
        if tag == "section" and self._page != FIRST:
            changed |= self._distinct(values)
        if tag in ("img", "image") and (file := self._asset(values.get("src") or values.get("href", ""))):
            self._image(raw, file, values)
            return
        target = self._target(values["href"]) if "href" in values else None
        if target is not None:
            changed["href"] = f"#{target}"
        self._prefixed(raw, changed, target)

    def _prefixed(self, raw: str, changed: dict[str, str], target: str | None) -> None:
        text = _with(raw, changed)
        ids = (changed["id"],) if "id" in changed else ()
        if target is None:
            self._add(text)
            self.found[-1].ids += ids
        else:
            unlinked = _ATTRIBUTE.sub(lambda found: "" if found[1].lower() == "href" else found[0], text)
            self.found.append(Piece(text, self._inside, ids, target or "\0", unlinked))

    def _distinct(self, values: dict[str, str]) -> dict[str, str]:
        """The name of a section with that of its page: on another page there may be one of the same name."""
        if label := values.get("aria-label"):
            return {"aria-label": f"{label}, {self._page.removesuffix('.html')}"}
        if heading := values.get("aria-labelledby"):
            return {"aria-labelledby": self._own(f"{heading} name")}
        return {}

    def _image(self, raw: str, file: str, values: dict[str, str]) -> None:
        if file not in self._figures:
            self.found.append(Piece(raw, self._inside, image=file))
            return
        kind = KINDS.get(file.partition(".")[0], "figures")
        self.found.append(Piece(raw, (*self._inside, kind), image=file))
        if not self._inside:
            self._add(f'<p class="empty">Left out of this file: {escape(values.get("alt", ""))}</p>', f"!{kind}")

    def _level(self, tag: str) -> str:
        """A heading of a page is one level lower in the joined document, which has one title."""
        return f"h{int(tag[1]) + 1}" if self._page != FIRST and tag in _HEADINGS else tag

    def _own(self, ids: str) -> str:
        """Ids of the page as they are in the joined document."""
        if self._page == FIRST:
            return ids
        return " ".join(f"{part_id(self._page)}--{each}" for each in ids.split())

    def _asset(self, address: str) -> str:
        """The file of an image of the site; empty for any other address."""
        path = self._path(address)
        return path.removeprefix(f"{FOLDER}/") if path and path.startswith(f"{FOLDER}/") else ""

    def _target(self, address: str) -> str | None:
        """The id that a link leads to, empty for a file that is not in the document; None for a foreign address."""
        path, fragment = self._path(address), urlsplit(address).fragment
        if path is None:
            return None
        if path not in self._pages:
            return ""
        if not fragment:
            return part_id(path)
        return fragment if path == FIRST else f"{part_id(path)}--{fragment}"

    def _path(self, address: str) -> str | None:
        """An address as the name of a file in the site; None for one that is not there."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return None
        here = self._page
        return posixpath.normpath(posixpath.join(posixpath.dirname(here), parts.path)) if parts.path else here


def _with(raw: str, changed: dict[str, str]) -> str:
    """A tag with other values of some attributes."""

    def attribute(found: re.Match[str]) -> str:
        name = found[1].lower()
        return f'{name}="{escape(changed[name])}"' if name in changed else found[0]

    return _ATTRIBUTE.sub(attribute, raw) if changed else raw
