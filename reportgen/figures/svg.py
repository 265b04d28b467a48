"""A blank figure in the shared style, and its SVG: always the same bytes, themed by the reader's colour scheme."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from reportgen.figures.style import COLOURS, RC, colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"
_SENTINEL = re.compile(r"#fe00([0-9a-f]{2})\b")
_LONG = re.compile(r"(-?\d+\.\d)\d+")
_WORDY = tuple(
    (re.compile(pattern), brief)
    for pattern, brief in (
        (r"\n\s*", ""),
        (r'<g id="[^"]*"', "<g"),
        (r"<g/>", ""),
        (r" font-family: 'DejaVu Sans';?", ""),
        (r' transform="rotate\(-0 [^"]*"', ""),
        (r"(?<=[:;]) (?=[^<>]*>)", ""),
        (r'( [xy]="-?\d+\.\d)\d+', r"\1"),
    )
)
"""What can be said in fewer bytes: line breaks, names of groups that nobody refers to, one font for all texts."""
_PATH_DATA = re.compile(r' d="([^"]*)"')


def axes_svg(
    size: tuple[int, int], box: tuple[float, float, float, float], draw: Callable[[Axes], None], ground: str = ""
) -> str:
    """The SVG of a figure of ``size`` pixels with one axes.

    Args:
        size: width and height.
        box: the margins left, bottom, right, top of the axes, pixels.
        draw: fills the axes.
        ground: SVG that lies under all of it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    (width, height), (left, bottom, right, top) = size, box
    with rc_context(RC):  # type: ignore[arg-type]  # its keys are typed as literals
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_visible(False)
        inner = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
        axes = figure.add_axes(inner)
        _calm(axes)
        draw(axes)
        return _written(figure, ground)


def plain_svg(size: tuple[int, int], body: str) -> str:
    """The SVG of a figure of ``size`` pixels that has nothing but ``body``."""
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return _themed(head, f"{body}</svg>\n")


def warm_up() -> None:
    """Import matplotlib and have it find its fonts: half a second, best spent while something else is waited for."""
    axes_svg((100, 100), (20, 20, 5, 5), lambda _: None)


def _calm(axes: Axes) -> None:
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(colour_token("rule"))
    axes.xaxis.set_visible(False)  # see reportgen.figures.ticks
    axes.yaxis.set_visible(False)


def _written(figure: Figure, ground: str) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        # Texts are drawn in the reader's fonts: what matplotlib's own has no glyph for need not be missing there.
        warnings.filterwarnings("ignore", r"Glyph \d+")
        FigureCanvasSVG(figure).print_svg(file, metadata=unsaid)  # type: ignore[no-untyped-call]
    text = file.getvalue()
    head, body = text[text.index("<svg") :].split(">", 1)
    head = re.sub(r'="([\d.]+)pt"', r'="\1"', head)
    body = _lean(body)
    return _themed(head, body.replace("<g>", f"{ground}<g>", 1))


def _themed(head: str, body: str) -> str:
    """A whole SVG, of its first tag but for the end and the rest, with the colours of the reader's scheme."""
    used: dict[str, None] = {"paper": None}
    body = _SENTINEL.sub(lambda found: _variable(int(found[1], 16), used), body)
    return f"{head}>{_theme(list(used))}{body}"


def _lean(body: str) -> str:
    """What matplotlib wrote, without what says nothing: a third of the bytes, which each page carries many times."""
    body = _PATH_DATA.sub(lambda found: f' d="{_tidy(found[1])}"', body)
    for wordy, brief in _WORDY:
        body = wordy.sub(brief, body)
    return body


def _tidy(path: str) -> str:
    return re.sub(r" ?([A-Za-z]) ?| (?=-)", r"\1", " ".join(_LONG.sub(r"\1", path).split()))


def _variable(index: int, used: dict[str, None]) -> str:
    name = list(COLOURS)[index]
    used[name] = None
    return f"var(--{name},{COLOURS[name][0]})"


def _theme(names: list[str]) -> str:
    light, dark = ("".join(f"--{name}:{COLOURS[name][dark]};" for name in sorted(names)) for dark in (0, 1))
    # Text keeps clear of the lines behind it by an outline in the colour of the paper.
    halo = "paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round"
    text = f"text{{font-family:{FONTS};{halo}}}"
    return f"<style>{text}:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
