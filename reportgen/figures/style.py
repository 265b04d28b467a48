"""The one style of all figures: named colours, a colour, dash and marker for each optimizer, sizes in CSS pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
"""Name -> (light, dark). Series are colour-blind safe (after Okabe and Ito), each 4.5:1 or more on its paper."""

DASHES = ("", "7 2.5", "2 2", "8 2.5 2 2.5", "4 2.5", "10 3 2 3 2 3", "1.5 3")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h")

RC: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "reportgen",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "axes.unicode_minus": True,
    "lines.solid_capstyle": "round",
}
"""All that matplotlib must be told while a figure is made; a point is a CSS pixel."""

PANEL = (368, 272)
"""Width and height of a small multiple, CSS pixels."""
WIDE = (560, 360)
THUMBNAIL = (368, 230)


@dataclass(frozen=True)
class SeriesStyle:
    """How one optimizer looks, everywhere."""

    colour: str
    """A name in ``COLOURS``."""
    dash: str
    """An SVG dash array; empty for a solid line."""
    marker: str


def series_style(place: int) -> SeriesStyle:
    """The look of the optimizer at ``place`` in the manifest: the pairing of colour and dash repeats after 56."""
    colours = sum(name[0] == "s" for name in COLOURS)
    return SeriesStyle(f"s{place % colours}", DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)])


def colour_token(name: str) -> str:
    """The colour that stands for ``name`` until the drawing is written."""
    return f"#fe{list(COLOURS).index(name):04x}"


def dash_pattern(dash: str) -> Any:
    """``dash`` as matplotlib's line style; it counts in line widths elsewhere, here in pixels."""
    return (0, [float(part) for part in dash.split()]) if dash else "-"
