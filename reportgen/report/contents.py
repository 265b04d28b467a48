"""The table of contents of the single file: its pages and their sections, as their headings name them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from reportgen.report.page_types import ContentsEntry

_VOID = ("area", "br", "hr", "img", "input", "link", "meta", "source", "wbr")


def page_sections(content: str, level: int) -> list[ContentsEntry]:
    """The sections of a page.

    Args:
        content: its HTML.
        level: the level of the headings of its sections. A heading without an id is left out: no link can lead there.
    """
    # Parsing a whole page, which may have megabytes of tables, would take longer than making it.
    headings = re.findall(rf"<h{level}[\s>].*?</h{level}>", content, re.DOTALL)
    return [entry for entry in _Headings("".join(headings), f"h{level}").entries if entry.name]


class _Headings(HTMLParser):
    """The ids and visible texts of the headings with this tag."""

    def __init__(self, content: str, tag: str) -> None:
        super().__init__()
        self.entries: list[ContentsEntry] = []
        self._tag = tag
        self._id = ""
        self._text = ""
        self._hidden: list[bool] = []
        """Of each open element inside the heading."""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._id and tag not in _VOID:
            self._hidden.append("hidden" in (attributes.get("class") or "").split())
        elif tag == self._tag and attributes.get("id"):
            self._id, self._text, self._hidden = attributes["id"] or "", "", []

    def handle_endtag(self, tag: str) -> None:
        if not self._id:
            return
        if self._hidden:
            self._hidden.pop()
        elif tag == self._tag:
            self.entries.append(ContentsEntry(self._id, " ".join(self._text.split())))
            self._id = ""

    def handle_data(self, data: str) -> None:
        if self._id and not any(self._hidden):
            self._text += data
