"""The figures of a report as figures of matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.catalogue import with_known_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reportgen.analysis.loss_view import LossView
    from reportgen.analysis.report_analysis import ReportAnalysis

_LEVELS = 12
"""Contour bands under paths."""


class Plots:
    """Draws figures of results. Each method returns a new figure, which a notebook shows and ``savefig`` saves."""

    def __init__(self, analysis: ReportAnalysis) -> None:
        self._analysis = analysis

    def paths(self, loss: str, optimizer: str) -> Figure:
        """The paths of an optimizer at its best learning rate, over the contours of the loss.

        Raises:
            ValueError: there is no such loss or optimizer, or no path was stored.
        """
        from reportgen.figures.paths import draw_paths
        from reportgen.figures.svg import figure_of

        view = self._view(loss)
        _require(optimizer, "optimizer", view.optimizers)
        if not view.drawn_runs(optimizer):
            raise ValueError(f"no path of {optimizer} on {loss} was stored, or the loss cannot be drawn")
        figure = figure_of(lambda: draw_paths(view, optimizer, ""))
        _draw_contours(figure.axes[0], view)
        return figure

    def sensitivity(self, loss: str, optimizer: str | None = None) -> Figure:
        """The median final gap by learning rate, with quartiles.

        Args:
            loss: the label of the loss.
            optimizer: the label of the emphasized optimizer; None: the one with the best result.

        Raises:
            ValueError: there is no such loss or optimizer.
        """
        from reportgen.figures.learning_rate_curve import draw_rates, rates_scale
        from reportgen.figures.svg import figure_of

        view = self._view(loss)
        if optimizer is None:
            optimizer = min(view.best.values(), key=lambda cell: cell.sort_key).optimizer
        name = _require(optimizer, "optimizer", view.optimizers)
        return figure_of(lambda: draw_rates(view, name, rates_scale(view)))

    def convergence(self, loss: str) -> Figure:
        """The median gap by step, each optimizer at its best learning rate.

        Raises:
            ValueError: there is no such loss.
        """
        from reportgen.figures.convergence import draw_convergence
        from reportgen.figures.svg import figure_of

        view = self._view(loss)
        return figure_of(lambda: draw_convergence(view))

    def runtimes(self) -> Figure:
        """The runtime profile over all losses: the share of targets hit within a number of gradient evaluations.

        Raises:
            ValueError: no loss can be compared.
        """
        from reportgen.figures.runtime_profiles import draw_runtimes
        from reportgen.figures.svg import figure_of

        profile, labels = self._analysis.profile, self._analysis.manifest.optimizer_labels
        if profile is None:
            raise ValueError("no runs can be compared: no minimum is known, or all runs failed")
        return figure_of(lambda: draw_runtimes(profile, labels))

    def _view(self, loss: str) -> LossView:
        return self._analysis.views[_require(loss, "loss", self._analysis.views)]


def _require(name: str, kind: str, known: Iterable[str]) -> str:
    names = list(known)
    if name not in names:
        raise ValueError(with_known_names(f'no {kind} of these results is called "{name}"', name, names))
    return name


def _draw_contours(axes: Axes, view: LossView) -> None:
    """Bands of equal height under everything else, as in the report."""
    from reportgen.figures.contour_background import log_heights
    from reportgen.figures.style import COLOURS

    grid = view.grid
    if grid is None or not len(grid.y):
        return
    x, y = axes.get_xlim(), axes.get_ylim()
    heights = log_heights(grid.gap)
    colours = [(*_rgb(COLOURS["field"][0]), 0.06 + 0.5 * level / _LEVELS) for level in range(_LEVELS)]
    axes.contourf(grid.x, grid.y, heights, np.linspace(0, 1, _LEVELS + 1), colors=colours, zorder=-1)
    axes.set_xlim(*x)
    axes.set_ylim(*y)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
