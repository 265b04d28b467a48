"""Figures as SVG in the shared style: byte for byte reproducible, and light or dark by the reader's colour scheme."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

from reportgen.figures.style import COLOURS, PAPER, RC, colour_token, colours_as_is

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Size = tuple[float, float]
"""Width and height, CSS pixels."""
Margins = tuple[float, float, float, float]
"""Left, bottom, right, top, CSS pixels."""
_EDGE, _HIGHEST = 14.0, 0.72
"""On paper: the margin at the right and at the top, and the largest ratio of the height to the width of the axes."""
FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"
_COLOUR_TOKEN = re.compile(r"#fe00([0-9a-f]{2})\b")
_LONG_NUMBER = re.compile(r"(-?\d+\.\d)\d+")
_SHORTER = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\n\s*", ""),
        (r'<g id="[^"]*"', "<g"),
        (r"<g/>", ""),
        (r" font-family: 'DejaVu Sans';?", ""),
        (r' transform="rotate\(-0 [^"]*"', ""),
        (r"(?<=[:;]) (?=[^<>]*>)", ""),
        (r'( [xy]="-?\d+\.\d)\d+', r"\1"),
    )
)
"""Replacements that save bytes: line breaks, unused names of groups, one font for all texts, fewer decimals."""
_WHOLE = re.compile(r"(?<=\d)\.0(?= |$)")
_PATH_DATA = re.compile(r' d="([^"]*)"')
_STRAIGHT = re.compile(r"M \S+ \S+(?: [ML] \S+ \S+| z)*")
_POINT = re.compile(r"([MLz])(?: ([-\d.e]+) ([-\d.e]+))?")


def axes_svg(
    size: Size,
    margins: Margins,
    draw: Callable[[Axes], None],
    background: str = "",
) -> str:
    """The SVG of a figure with one axes.

    Args:
        size: width and height, CSS pixels.
        margins: left, bottom, right and top of the axes, CSS pixels.
        draw: fills the axes.
        background: SVG under everything else.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    (width, height), (left, bottom, right, top) = _on_paper(size, margins)
    with rc_context(RC):  # type: ignore[arg-type]  # its keys are typed as literals
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_visible(False)
        inner = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
        axes = figure.add_axes(inner)
        _set_frame(axes)
        draw(axes)
        drawn = _DRAWN.get()
        if drawn is not None:
            drawn.append(figure)
            return ""
        return _to_svg(figure, background)


def _on_paper(size: Size, margins: Margins) -> tuple[Size, Margins]:
    """Size and margins at the width ``PAPER``: the axes keep their shape, as far as it is not too high."""
    width = PAPER.get()
    if width is None:
        return size, margins
    left, bottom, right, top = margins
    shape = (size[1] - bottom - top) / (size[0] - left - right)
    right, top = min(right, _EDGE), max(top, _EDGE)
    height = min(shape, _HIGHEST) * (width - left - right)
    return (width, height + bottom + top), (left, bottom, right, top)


def figure_of(draw: Callable[[], str]) -> Figure:
    """The figure of matplotlib that ``draw``, which returns the SVG of ``axes_svg``, makes; without its background."""
    figures: list[Figure] = []
    before = _DRAWN.set(figures)
    try:
        with colours_as_is():
            draw()
    finally:
        _DRAWN.reset(before)
    (figure,) = figures
    # A notebook shows a figure that was made without pyplot only if it says how.
    figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]
    figure.patch.set(visible=True, facecolor=COLOURS["paper"][0])
    return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


_DRAWN: ContextVar[list[Figure] | None] = ContextVar("_DRAWN", default=None)
"""Collects the figures of ``figure_of``."""


def plain_svg(size: tuple[int, int], body: str) -> str:
    """The SVG of a figure with the elements in ``body`` only; ``size`` is in CSS pixels."""
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return _with_theme(head, f"{body}</svg>\n")


def warm_up() -> None:
    """Import matplotlib and let it find its fonts. It takes half a second, best spent while the process waits."""
    axes_svg((100, 100), (20, 20, 5, 5), lambda _: None)


def _set_frame(axes: Axes) -> None:
    """Show only the left and bottom lines of the axes."""
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(colour_token("rule"))
    axes.xaxis.set_visible(False)  # see reportgen.figures.ticks
    axes.yaxis.set_visible(False)


def _to_svg(figure: Figure, background: str) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        # Texts are drawn in the reader's fonts, which may have glyphs that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", r"Glyph \d+")
        FigureCanvasSVG(figure).print_svg(file, metadata=no_metadata)  # type: ignore[no-untyped-call]
    text = file.getvalue()
    head, body = text[text.index("<svg") :].split(">", 1)
    head = re.sub(r'="([\d.]+)pt"', r'="\1"', head)
    body = _shorten(body)
    return _with_theme(head, body.replace("<g>", f"{background}<g>", 1))


def _with_theme(head: str, body: str) -> str:
    """A complete SVG with the colours of the reader's scheme; ``head`` is the first tag without its last letter."""
    used: dict[str, None] = {"paper": None}
    body = _COLOUR_TOKEN.sub(lambda match: _variable(int(match[1], 16), used), body)
    return f"{head}>{_style_element(list(used))}{body}"


def _shorten(body: str) -> str:
    """The same drawing in a third of the bytes: a page has many figures."""
    body = _PATH_DATA.sub(lambda match: f' d="{_shorten_path(match[1])}"', body)
    for pattern, replacement in _SHORTER:
        body = pattern.sub(replacement, body)
    return body


def _shorten_path(path: str) -> str:
    path = _WHOLE.sub("", " ".join(_LONG_NUMBER.sub(r"\1", path).split()))
    return re.sub(r" ?([A-Za-z]) ?| (?=-)", r"\1", _axis_parallel(path))


def _axis_parallel(path: str) -> str:
    """A path of straight lines, with H and V for the horizontal and vertical ones."""
    if not _STRAIGHT.fullmatch(path):
        return path
    x = y = ""
    parts = []
    for command, *point in _POINT.findall(path):
        short = f"H {point[0]}" if point[1] == y else f"V {point[1]}" if point[0] == x else f"L {' '.join(point)}"
        parts.append(short if command == "L" else f"{command} {' '.join(point)}".rstrip())
        x, y = point
    return " ".join(parts)


def _variable(index: int, used: dict[str, None]) -> str:
    """The CSS variable of a colour, which is added to ``used``."""
    name = list(COLOURS)[index]
    used[name] = None
    return f"var(--{name},{COLOURS[name][0]})"


def _style_element(names: list[str]) -> str:
    light, dark = ("".join(f"--{name}:{COLOURS[name][dark]};" for name in sorted(names)) for dark in (0, 1))
    # An outline in the colour of the paper separates texts from lines behind them.
    halo = "paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round"
    text = f"text{{font-family:{FONTS};{halo}}}"
    return f"<style>{text}:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
