"""What a page of a report prints: its elements, and the numbers in its texts. Uses only the standard library."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NUMBER = r"−?(?:∞|10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d[\d\u202f]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)"
"""Matches one number."""


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, tag: str, kind: str = "", **attributes: str) -> list[Element]:
        """The elements below with this tag, of this class and with these attributes, in the order of the page."""
        return [
            each
            for each in self.below()
            if each.tag == tag
            and (not kind or kind in each.attributes.get("class", "").split())
            and all(each.attributes.get(name) == value for name, value in attributes.items())
        ]

    def one(self, tag: str, kind: str = "", **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, kind, **attributes)
        return found

    def below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.below()

    def text(self, but: Callable[[Element], bool] = lambda _: False) -> str:
        """The text in one line, without that of elements for which ``but`` holds."""
        return re.sub(r"[ \n\t]+", " ", "".join(self._texts(but))).strip(" ")

    def _texts(self, but: Callable[[Element], bool]) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif not but(child):
                yield from child._texts(but)

    @property
    def main(self) -> str:
        """The text without small type and without what only screen readers say."""
        return self.text(lambda each: bool({"quiet", "hidden"} & set(each.attributes.get("class", "").split())))

    @property
    def small(self) -> str:
        """The text in small type; empty without one."""
        return " ".join(each.text() for each in self.all("span", "quiet"))

    def rows(self) -> list[list[Element]]:
        """The cells of the rows of a table, without its heading."""
        rows = [[cell for cell in row.below() if cell.tag in ("td", "th")] for row in self.one("tbody").all("tr")]
        assert rows
        return rows

    def headings(self) -> list[str]:
        """The headings of the columns of a table."""
        return [each.text() for each in self.one("thead").all("th")]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(path: Path) -> Element:
    """The elements of an HTML file."""
    builder = _Builder()
    builder.feed(path.read_text(encoding="utf-8"))
    assert len(builder.open) == 1, builder.open[-1].tag
    return builder.open[0]


def value(text: str) -> float:
    """The number that ``text`` prints: ``3.16·10⁻³``, ``1 458``, ``−2``, ``∞``; "–" is infinite too."""
    text = text.strip()
    if text in ("∞", "–"):
        return math.inf
    assert re.fullmatch(NUMBER, text), text
    text = text.replace("\u202f", "").replace("−", "-")
    power = re.search(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$", text)
    if power is None:
        return float(text)
    mantissa = text[: power.start()].rstrip("·")
    return float(f"{mantissa if mantissa not in ('', '-') else mantissa + '1'}e{power[1].translate(_DIGITS)}")


def prints(text: str, number: float, digits: int = 3) -> None:
    """Check that ``text`` is ``number``, rounded to this number of significant digits."""
    expected = number if math.isinf(number) else float(f"{number:.{digits - 1}e}")
    assert math.isclose(value(text), expected, rel_tol=1e-12), f"{text!r} is printed for {number!r}"


def prints_share(text: str, share: float) -> None:
    """Check that ``text`` is ``share`` in whole per cent; 0 % and 100 % are exact."""
    if 0 < share < 0.01:
        assert text == "< 1 %"
    elif 0.99 < share < 1:
        assert text == "> 99 %"
    else:
        assert text == f"{100 * share:.0f} %", f"{text!r} is printed for {share!r}"


def ends(text: str) -> tuple[float, float]:
    """The two ends of an interval such as ``1.9 to 26 %``, as printed."""
    low, high = text.removesuffix(" %").split(" to ")
    return value(low), value(high)


def rounding(printed: float) -> float:
    """The largest error of an end of an interval, which has two significant digits or more."""
    return 0.0 if printed == 0 or math.isinf(printed) else 0.500001 * 10 ** (math.floor(math.log10(abs(printed))) - 1)


def is_between(printed: float, low: float, high: float) -> bool:
    """Whether an end of an interval is in a range, up to its rounding."""
    return low - rounding(printed) <= printed <= high + rounding(printed)


def found(pattern: str, text: str) -> re.Match[str]:
    """The match of the whole ``text``, in which N stands for a number."""
    match = re.fullmatch(pattern.replace("{N}", f"({NUMBER})"), text)
    assert match, f"{text!r} does not match {pattern!r}"
    return match
