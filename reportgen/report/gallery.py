"""One page with a picture of each loss and all that is declared of it, in a single file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen import __version__
from reportgen.engine.result import Grid
from reportgen.figures.loss_contour import alt_contour, draw_contour
from reportgen.figures.style import PANEL
from reportgen.loss import Loss
from reportgen.report.assets import as_data
from reportgen.report.plane_slice import PlottedLoss
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import render_page


@dataclass(frozen=True)
class Exhibit:
    """A loss and its picture."""

    loss: Loss
    """As it is declared."""
    pictured: PlottedLoss
    """As it is drawn: on its domain or the middle of it."""
    grid: Any = None
    """Its Grid, or a text that says why there is none."""


def gallery(exhibits: Sequence[Exhibit]) -> str:
    """The text of the page."""
    return render_page(
        "gallery.html", {"style": stylesheet(), "version": __version__, "losses": list(_shown(exhibits))}
    )


def _shown(exhibits: Iterable[Exhibit]) -> Iterator[dict[str, Any]]:
    for place, exhibit in enumerate(exhibits):
        loss, drawn = exhibit.loss, exhibit.pictured.loss
        picture = None
        if isinstance(exhibit.grid, Grid):
            svg = draw_contour(drawn, exhibit.grid.x, exhibit.grid.y, exhibit.grid.values)
            source = as_data("loss.svg", svg.encode())
            width, height = PANEL
            picture = {"source": source, "alt": alt_contour(drawn), "width": width, "height": height}
        yield {"id": f"loss-{place + 1}", "loss": loss, "picture": picture, "why": _why(exhibit)}


def _why(exhibit: Exhibit) -> str:
    """Why there is no picture, or of what it is if not of the loss as it is."""
    if not isinstance(exhibit.grid, Grid):
        return f"No picture: {exhibit.grid}."
    if exhibit.pictured.plane:
        through = "the minimizer" if exhibit.loss.minima else "the middle of the domain"
        x, y = exhibit.pictured.loss.start
        return f"A slice through {through}, at (0, 0), and the standard start, at ({x:g}, {y:g})."
    drawn = exhibit.pictured.loss
    if drawn.dim != exhibit.loss.dim:
        return "Drawn in two dimensions."
    part = "Part of the domain: all of it has more waves than a picture of this size can show."
    return "" if drawn.domain == exhibit.loss.domain else part
