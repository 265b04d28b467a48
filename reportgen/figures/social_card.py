"""The preview image of links to a report: its title, its ranking, and the paths on one loss."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.analysis.number_format import share
from reportgen.figures.contour_background import BANDS, TINT, log_heights
from reportgen.figures.paths import is_drawable, plot_thumbnail, thumbnail_optimizers
from reportgen.figures.style import COLOURS, RC, colour_token

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType

    from reportgen.analysis.loss_view import LossView

SIZE = (1200, 630)
"""Width and height that sites with link previews expect, pixels."""
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
    """The card as PNG, byte for byte reproducible.

    Args:
        title: of the report.
        setup: the matrix in words.
        bars: the ranking, the best first.
        views: all losses. The card shows the first one with paths in two dimensions, otherwise the first with paths.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with rc_context(RC):  # type: ignore[arg-type]  # its keys are typed as literals
        figure = Figure(figsize=(SIZE[0] / 72, SIZE[1] / 72), dpi=72, facecolor=_light("paper"))
        view = _pictured_view(views)
        end = 700 if view else SIZE[0] - _EDGE
        bottom = _write_title(figure, title, setup, 36 if view else 62)
        _draw_ranking(figure, bars[:MOST_BARS], end, bottom)
        if view:
            _draw_picture(figure, view)
        _draw_box(figure, (0, 0), (SIZE[0], 14), _light(bars[0].colour if bars else "field"), 1.0)
        FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return file.getvalue()


def _light(name: str) -> str:
    return COLOURS[name][0]


def _write_title(figure: Figure, title: str, setup: str, width: int) -> int:
    """Write title and set-up in lines of about ``width`` letters. Returns where they end, pixels from the top."""
    title_lines = _wrap(title if _in_font(title) else "Optimizer comparison", width * 2 // 3, 3)
    top = 66
    _write(figure, _EDGE, top, "\n".join(title_lines), 40, "ink", weight="bold")
    top += 52 * len(title_lines) + 10
    setup_lines = _wrap(setup, int(width * 1.35), 2) if _in_font(setup) else []
    _write(figure, _EDGE, top, "\n".join(setup_lines), 19, "quiet")
    return top + 27 * len(setup_lines) + 30


def _wrap(text: str, width: int, most: int) -> list[str]:
    """At most ``most`` lines of ``width`` letters."""
    lines = wrap(text, width, break_long_words=True)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: width - 2].rstrip(' ,:')} …"]


def _in_font(text: str) -> bool:
    """Whether matplotlib's own font has every letter; it shows empty boxes for the others."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    return all(font.get_char_index(ord(character)) for character in text)


def _write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str,
    va: Literal["top", "center_baseline"] = "top",
    weight: Literal["normal", "bold"] = "normal",
) -> None:
    """Write a text that begins at a point, in pixels from the left and the top."""
    figure.text(
        x / SIZE[0],
        1 - y / SIZE[1],
        text,
        fontsize=size,
        color=_light(colour),
        va=va,
        weight=weight,
        linespacing=1.25,
        parse_math=False,
    )


def _draw_ranking(figure: Figure, bars: Sequence[Bar], end: int, top: int) -> None:
    """Draw rows of label, bar and hit rate between pixel ``top`` and the bottom, left of pixel ``end``."""
    if not bars:
        return
    _write(figure, _EDGE, top, "Share of targets hit", 17, "quiet")
    row_height = min(60.0, (SIZE[1] - 50 - top - 34) / len(bars))
    left, right = _EDGE + 230, end - 80
    for place, bar in enumerate(bars):
        middle = top + 34 + row_height * (place + 0.5)
        label = bar.label if len(bar.label) <= 17 else f"{bar.label[:16]}…"
        _write(figure, _EDGE, middle, label if _in_font(label) else "…", 21, "ink", "center_baseline")
        for width, colour, alpha in ((1.0, "rule", 0.6), (bar.score, bar.colour, 1.0)):
            _draw_box(figure, (left, middle - 9), ((right - left) * width, 18), _light(colour), alpha)
        weight: Literal["normal", "bold"] = "bold" if place == 0 else "normal"
        _write(figure, right + 14, middle, share(bar.score), 21, "ink", "center_baseline", weight)


def _draw_box(
    figure: Figure, corner: tuple[float, float], size: tuple[float, float], colour: str, alpha: float
) -> None:
    """Draw a rectangle; ``corner`` is the upper left one, in pixels from the left and the top."""
    from matplotlib.patches import Rectangle

    (x, y), (width, height) = corner, size
    at = (x / SIZE[0], 1 - (y + height) / SIZE[1])
    figure.add_artist(Rectangle(at, width / SIZE[0], height / SIZE[1], color=colour, alpha=alpha, lw=0))


def _pictured_view(views: Sequence[LossView]) -> LossView | None:
    fit = [view for view in views if is_drawable(view) and view.grid is not None and thumbnail_optimizers(view)]
    return min(fit, key=lambda view: view.info.dim == 1, default=None)


def _draw_picture(figure: Figure, view: LossView) -> None:
    """Draw paths over the background of their loss, at the right."""
    left, top, width, height = 756, 62, SIZE[0] - _EDGE - 756, 466
    axes = figure.add_axes((left / SIZE[0], 1 - (top + height) / SIZE[1], width / SIZE[0], height / SIZE[1]))
    plot_thumbnail(axes, view)
    _draw_background(axes, view)
    for line in axes.lines:
        line.set_color(_light_colour(line.get_color()))
        line.set_markerfacecolor(_light_colour(line.get_markerfacecolor()))
        line.set_markeredgecolor(_light_colour(line.get_markeredgecolor()))
        line.set_linewidth(1.5 * line.get_linewidth())
        line.set_markersize(1.4 * line.get_markersize())
    label = view.label if _in_font(view.label) else "one loss"
    caption = f"{', '.join(filter(_in_font, thumbnail_optimizers(view)))} on {label}"
    _write(figure, left, top + height + 16, "\n".join(_wrap(caption, 40, 2)), 17, "quiet")


def _draw_background(axes: Axes, view: LossView) -> None:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    assert view.grid is not None
    x, y, gap = view.grid
    field, paper = np.array(to_rgb(_light("field"))), np.array(to_rgb(_light("paper")))
    strength = 1 - (1 - TINT) ** (1.6 * BANDS)
    colours = LinearSegmentedColormap.from_list("background", [paper, strength * field + (1 - strength) * paper])
    limits = axes.get_xlim(), axes.get_ylim()
    if len(y):
        axes.contourf(x, y, log_heights(gap), levels=np.linspace(0, 1, BANDS + 1), cmap=colours, zorder=0)
    else:
        edges = (*limits[0], float(x[0]), float(x[-1]))
        axes.imshow(log_heights(gap)[:, None], cmap=colours, extent=edges, origin="lower", aspect="auto", zorder=0)
    axes.set(xlim=limits[0], ylim=limits[1])


def _light_colour(colour: ColorType) -> ColorType:
    """The colour of the light theme for a token; any other colour unchanged."""
    light: dict[str, ColorType] = {colour_token(name): light for name, (light, _) in COLOURS.items()}
    return light.get(str(colour), colour)
