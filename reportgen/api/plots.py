"""The figures of a report as figures of matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.catalogue import with_known_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure

    from reportgen.analysis.loss_view import LossView
    from reportgen.analysis.report_analysis import ReportAnalysis


class Plots:
    """Draws figures of results. Each method returns a new figure, which a notebook shows and ``savefig`` saves."""

    def __init__(self, analysis: ReportAnalysis) -> None:
        self._analysis = analysis

    def paths(self, loss: str, optimizer: str) -> Figure:
        """The paths of an optimizer at its best learning rate, over the contours of the loss.

        Raises:
            ValueError: there is no such loss or optimizer, or no path was stored.
        """
        from reportgen.figures.contour_background import draw_bands
        from reportgen.figures.paths import draw_paths
        from reportgen.figures.svg import figure_of

        view = self._view(loss)
        _require(optimizer, "optimizer", view.optimizers)
        if not view.drawn_runs(optimizer):
            raise ValueError(f"no path of {optimizer} on {loss} was stored, or the loss cannot be drawn")
        figure = figure_of(lambda: draw_paths(view, optimizer, ""))
        draw_bands(figure.axes[0], view)
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
