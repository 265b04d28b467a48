"""The picture that is shown with a link to a report: its title, its ranking, and paths over one of its losses."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.number_format import share
from reportgen.figures.contour_background import BANDS, TINT, log_heights
from reportgen.figures.paths import is_drawable, put_thumbnail, thumbnail_optimizers
from reportgen.figures.style import COLOURS, RC, colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reportgen.analysis.loss_view import LossView

SIZE = (1200, 630)
"""Width and height, pixels: what sites that show links ask for."""
MOST_BARS = 5
_EDGE = 64


@dataclass(frozen=True)
class Bar:
    """An optimizer in the ranking."""

    label: str
    score: float
    """From 0 to 1."""
    colour: str
    """A name in ``COLOURS``."""


def draw_card(title: str, setup: str, bars: Sequence[Bar], views: Sequence[LossView]) -> bytes:
    """The card as PNG, always the same bytes; its picture is of the first of the losses that have one."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with rc_context(RC):  # type: ignore[arg-type]  # its keys are typed as literals
        figure = Figure(figsize=(SIZE[0] / 72, SIZE[1] / 72), dpi=72, facecolor=_light("paper"))
        shown = _pictured(views)
        end = 700 if shown else SIZE[0] - _EDGE
        below = _words(figure, title, setup, 36 if shown else 62)
        _ranking(figure, bars[:MOST_BARS], end, below)
        if shown:
            _picture(figure, shown)
        _box(figure, (0, 0), (SIZE[0], 14), _light(bars[0].colour if bars else "field"), 1.0)
        FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return file.getvalue()


def _light(name: str) -> str:
    return COLOURS[name][0]


def _words(figure: Figure, title: str, setup: str, width: int) -> int:
    """Title and set-up, and where they end, pixels from the top."""
    lines = _wrapped(title if _in_font(title) else "Optimizers compared", width * 2 // 3, 3)
    top = 66
    _text(figure, _EDGE, top, "\n".join(lines), 40, "ink", weight="bold")
    top += 52 * len(lines) + 10
    told = _wrapped(setup, int(width * 1.35), 2) if _in_font(setup) else []
    _text(figure, _EDGE, top, "\n".join(told), 19, "quiet")
    return top + 27 * len(told) + 30


def _wrapped(text: str, width: int, most: int) -> list[str]:
    lines = wrap(text, width, break_long_words=True)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: width - 2].rstrip(' ,:')} …"]


def _in_font(text: str) -> bool:
    """Whether the font that is always there has all of it: a row of empty boxes tells nobody anything."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    return all(font.get_char_index(ord(character)) for character in text)


def _text(figure: Figure, x: float, y: float, text: str, size: float, colour: str, **how: str) -> None:
    """Text whose first line begins at a point, pixels from the left and the top."""
    figure.text(
        x / SIZE[0],
        1 - y / SIZE[1],
        text,
        fontsize=size,
        color=_light(colour),
        va=how.pop("va", "top"),
        linespacing=1.25,
        parse_math=False,
        **how,  # type: ignore[arg-type]  # all of them are texts
    )


def _ranking(figure: Figure, bars: Sequence[Bar], end: int, below: int) -> None:
    """Rows of label, bar and share down from ``below``."""
    if not bars:
        return
    _text(figure, _EDGE, below, "Share of targets reached", 17, "quiet")
    room = min(60.0, (SIZE[1] - 50 - below - 34) / len(bars))
    left, right = _EDGE + 230, end - 80
    for place, bar in enumerate(bars):
        middle = below + 34 + room * (place + 0.5)
        label = bar.label if len(bar.label) <= 17 else f"{bar.label[:16]}…"
        _text(figure, _EDGE, middle, label if _in_font(label) else "…", 21, "ink", va="center_baseline")
        for width, colour, alpha in ((1.0, "rule", 0.6), (bar.score, bar.colour, 1.0)):
            _box(figure, (left, middle - 9), ((right - left) * width, 18), _light(colour), alpha)
        told = {"va": "center_baseline", "weight": "bold" if place == 0 else "normal"}
        _text(figure, right + 14, middle, str(share(bar.score)), 21, "ink", **told)


def _box(figure: Figure, corner: tuple[float, float], size: tuple[float, float], colour: str, alpha: float) -> None:
    """A rectangle; its upper left corner in pixels from the left and the top."""
    from matplotlib.patches import Rectangle

    (x, y), (width, height) = corner, size
    at = (x / SIZE[0], 1 - (y + height) / SIZE[1])
    figure.add_artist(Rectangle(at, width / SIZE[0], height / SIZE[1], color=colour, alpha=alpha, lw=0))


def _pictured(views: Sequence[LossView]) -> LossView | None:
    fit = [view for view in views if is_drawable(view) and view.grid is not None and thumbnail_optimizers(view)]
    return min(fit, key=lambda view: int(view.facts["dim"]) == 1, default=None)


def _picture(figure: Figure, view: LossView) -> None:
    """Paths over the loss's ground at the right."""
    left, top, width, height = 756, 62, SIZE[0] - _EDGE - 756, 466
    axes = figure.add_axes((left / SIZE[0], 1 - (top + height) / SIZE[1], width / SIZE[0], height / SIZE[1]))
    put_thumbnail(axes, view)
    _ground(axes, view)
    for line in axes.lines:
        line.set_color(_shown(line.get_color()))
        line.set_markerfacecolor(_shown(line.get_markerfacecolor()))
        line.set_markeredgecolor(_shown(line.get_markeredgecolor()))
        line.set_linewidth(1.5 * line.get_linewidth())
        line.set_markersize(1.4 * line.get_markersize())
    label = view.label if _in_font(view.label) else "one loss"
    told = f"{', '.join(filter(_in_font, thumbnail_optimizers(view)))} on {label}"
    _text(figure, left, top + height + 16, "\n".join(_wrapped(told, 40, 2)), 17, "quiet")


def _ground(axes: Axes, view: LossView) -> None:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    assert view.grid is not None
    x, y, gap = view.grid
    field, paper = np.array(to_rgb(_light("field"))), np.array(to_rgb(_light("paper")))
    strength = 1 - (1 - TINT) ** (1.6 * BANDS)
    colours = LinearSegmentedColormap.from_list("ground", [paper, strength * field + (1 - strength) * paper])
    limits = axes.get_xlim(), axes.get_ylim()
    if len(y):
        axes.contourf(x, y, log_heights(gap), levels=np.linspace(0, 1, BANDS + 1), cmap=colours, zorder=0)
    else:
        edges = (*limits[0], float(x[0]), float(x[-1]))
        axes.imshow(log_heights(gap)[:, None], cmap=colours, extent=edges, origin="lower", aspect="auto", zorder=0)
    axes.set(xlim=limits[0], ylim=limits[1])


def _shown(colour: Any) -> Any:
    """A colour of the light theme for one that stands for it."""
    return {colour_token(name): light for name, (light, _) in COLOURS.items()}.get(str(colour), colour)
