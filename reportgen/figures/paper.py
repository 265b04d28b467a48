"""Figures of a report for papers and slides: complete without a page around them, as PDF, PNG or SVG."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.figures.contour_background import HIGH, draw_bands
from reportgen.figures.learning_rate_curve import QUARTILES
from reportgen.figures.lines import BAND, LOST, OTHERS
from reportgen.figures.paper_files import SETTINGS, file_content
from reportgen.figures.paths import END, LEFT, MINIMUM, PROJECTED, START, STARTS, draw_best_paths
from reportgen.figures.style import PAPER, colour_token, colours_as_is
from reportgen.figures.svg import figure_of
from reportgen.figures.ticks import SIZE

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    from reportgen.analysis.loss_view import LossView
    from reportgen.figures.registry import FigureSpec

TEXT = 8.0
"""Size of all texts, points of 1/72 inch."""
_UNIT = TEXT / SIZE
"""Points on paper per CSS pixel of a figure."""
_LEGEND_GAP = 8.0
"""CSS pixels."""
_LONGEST = 21
"""Letters in one line of a legend."""
_WITH_CONTOURS = ("thumbnail", "paths")
"""Kinds of figures with the loss as their background."""
_NOTES = frozenset({BAND, OTHERS, LOST, QUARTILES, STARTS, START, END, MINIMUM, PROJECTED, LEFT, HIGH})
"""The entries of a legend after the optimizers."""


@dataclass(frozen=True)
class PaperFigure:
    """A figure for papers."""

    name: str
    """``runtimes``, or of one loss ``beale/paths-adam``."""
    spec: FigureSpec
    view: LossView | None
    """The loss; None for a figure of all losses."""

    def files(self, width: float, formats: tuple[str, ...]) -> dict[str, bytes]:
        """The content of the file in each format.

        Args:
            width: inches.
            formats: some of ``paper_files.FORMATS``.
        """
        from matplotlib import rc_context

        # Matplotlib's own font lacks some letters, which names may have.
        with rc_context(SETTINGS), warnings.catch_warnings():  # type: ignore[arg-type]
            warnings.filterwarnings("ignore", r"Glyph \d+")
            figure = self._draw(72 * width / _UNIT)
            return {kind: file_content(figure, kind, _UNIT) for kind in formats}

    def _draw(self, width: float) -> Figure:
        """The figure with a legend; ``width`` is in CSS pixels."""
        before = PAPER.set(width)
        try:
            figure = figure_of(self._svg)
        finally:
            PAPER.reset(before)
        (axes,) = figure.axes
        with colours_as_is():
            if self.view is not None and self.spec.kind in _WITH_CONTOURS:
                draw_bands(axes, self.view)
            _add_legend(figure)
        return figure

    def _svg(self) -> str:
        if self.spec.kind == "thumbnail" and self.view is not None:
            return draw_best_paths(self.view)
        return self.spec.draw()


def paper_figure(spec: FigureSpec, view: LossView | None, loss: str) -> PaperFigure | None:
    """A figure of a report for papers; None for the background of the player, which shows no result.

    Args:
        spec: the figure.
        view: its loss; None for a figure of all losses.
        loss: the folder of the loss; empty for a figure of all losses.
    """
    if spec.kind == "background":
        return None
    kind, *rest = spec.file.removesuffix(".svg").split(".")
    kind = "best-paths" if kind == "thumbnail" else kind
    name = "-".join([kind, *(rest[1:] if loss else rest)])  # the first part of the rest is the loss
    return PaperFigure(f"{loss}/{name}" if loss else name, spec, view)


def _add_legend(figure: Figure) -> None:
    """Add a legend below the axes, in as many columns as fit, for which the figure becomes higher."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    handles, labels = figure.axes[0].get_legend_handles_labels()
    found = {label: handle for handle, label in zip(handles, labels, strict=True)}
    entries = {_wrap(label): found[label] for label in sorted(found, key=_NOTES.__contains__)}
    if not entries:
        return
    FigureCanvasAgg(figure)
    width, height = 72 * figure.get_figwidth(), 72 * figure.get_figheight()
    legend, extent = _fitting_legend(figure, entries, width)
    more = extent + _LEGEND_GAP
    left, bottom, right, top = figure.axes[0].get_position().extents
    figure.set_size_inches(width / 72, (height + more) / 72)
    low, high = ((height * edge + more) / (height + more) for edge in (bottom, top))
    figure.axes[0].set_position((left, low, right - left, high - low))
    legend.set_bbox_to_anchor((0.5, 2 / (height + more)))


def _fitting_legend(figure: Figure, entries: dict[str, Any], width: float) -> tuple[Legend, float]:
    """A legend not wider than ``width``, and its height, CSS pixels."""
    for columns in range(len(entries), 0, -1):
        legend = figure.legend(
            entries.values(),
            entries.keys(),
            ncols=columns,
            loc="lower center",
            fontsize=SIZE,
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            labelcolor=colour_token("ink"),
            handlelength=2.6,
            columnspacing=1.2,
            labelspacing=0.35,
        )
        for shown, original in zip(legend.legend_handles, entries.values(), strict=True):
            if original.get_label() == LEFT:
                shown.set(marker="^")  # type: ignore[union-attr]
            elif original.get_label() in (BAND, LOST):  # those of all optimizers
                alpha = 0.25 if original.get_label() == BAND else 1
                shown.set(color=colour_token("quiet"), alpha=alpha)  # type: ignore[union-attr]
        box = legend.get_window_extent()
        if box.width <= width or columns == 1:
            break
        legend.remove()
    return legend, float(box.height)


def _wrap(label: str) -> str:
    return textwrap.fill(label, _LONGEST, break_long_words=False, break_on_hyphens=False)
