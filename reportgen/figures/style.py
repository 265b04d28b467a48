"""The shared style of all figures: named colours; colour, dash and marker of each optimizer; sizes in CSS pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

COLOURS: dict[str, tuple[str, str]] = {
    "ink": ("#1c2430", "#e8ebf0"),
    "quiet": ("#5b6573", "#a3adba"),
    "context": ("#c3cad3", "#454e5a"),
    "rule": ("#d9dee4", "#333b46"),
    "paper": ("#ffffff", "#12161c"),
    "field": ("#42648c", "#6f9bd1"),
    "s0": ("#0068b5", "#5cb0f2"),
    "s1": ("#c8500a", "#ff9452"),
    "s2": ("#00805c", "#2fc99c"),
    "s3": ("#a8437f", "#ec9fcb"),
    "s4": ("#8a6a00", "#e3b93a"),
    "s5": ("#5b46b8", "#a99bf5"),
    "s6": ("#b0202e", "#ff8d8d"),
    "s7": ("#4a5361", "#c0c7d1"),
}
"""Name -> (light, dark). Series are colour-blind safe (after Okabe and Ito), with a contrast of 4.5:1 or more."""

DASHES = ("", "7 2.5", "2 2", "8 2.5 2 2.5", "4 2.5", "10 3 2 3 2 3", "1.5 3")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h")

LineStyle = str | tuple[float, list[float]]
"""A line style of matplotlib."""

RC: dict[str, str | float | bool] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "reportgen",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "axes.unicode_minus": True,
    "lines.solid_capstyle": "round",
}
"""Settings of matplotlib while a figure is made; a point is a CSS pixel."""

PANEL = (368, 272)
"""Width and height of a small multiple, CSS pixels."""
WIDE = (560, 360)
"""Width and height of a figure of all optimizers, CSS pixels."""
THUMBNAIL = (368, 230)


@dataclass(frozen=True)
class SeriesStyle:
    """The style of one optimizer in all figures."""

    colour: str
    """A name in ``COLOURS``."""
    dash: str
    """An SVG dash array; empty for a solid line."""
    marker: str


def series_style(place: int) -> SeriesStyle:
    """The style of the optimizer at ``place`` in the manifest; pairs of colour and dash repeat after 56."""
    colours = sum(name[0] == "s" for name in COLOURS)
    return SeriesStyle(f"s{place % colours}", DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)])


def colour_token(name: str) -> str:
    """A placeholder colour that ``svg`` replaces by the colour ``name`` of the reader's theme."""
    return COLOURS[name][0] if _AS_IS.get() else f"#fe{list(COLOURS).index(name):04x}"


@contextmanager
def colours_as_is() -> Iterator[None]:
    """Let ``colour_token`` return the light colours themselves, for a figure that stays one of matplotlib."""
    before = _AS_IS.set(True)
    try:
        yield
    finally:
        _AS_IS.reset(before)


_AS_IS = ContextVar("_AS_IS", default=False)


PAPER: ContextVar[float | None] = ContextVar("PAPER", default=None)
"""The width of a figure without a page around it, CSS pixels: names are in a legend; None on a page."""


def dash_pattern(dash: str) -> LineStyle:
    """An SVG dash array as a line style of matplotlib."""
    return (0, [float(part) for part in dash.split()]) if dash else "-"
