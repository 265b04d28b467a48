"""One page with a picture of each loss and all that is declared of it, in a single file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reportgen import __version__
from reportgen.engine.result import Grid
from reportgen.figures.contour import alt_contour, draw_contour
from reportgen.figures.style import PANEL
from reportgen.loss import Loss
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import page


@dataclass(frozen=True)
class Exhibit:
    """A loss and its picture."""

    loss: Loss
    """As it is declared."""
    pictured: Loss | None
    """As it is drawn: in two dimensions, where it has any number, on its domain or the middle of it; None where there
    is no picture."""
    grid: Any = None
    """Its Grid, or a text that says why there is none."""


def pictured(loss: Loss) -> Loss | None:
    """The loss in one or two dimensions; None where it has none of these."""
    if loss.dim <= 2:
        return loss
    try:
        return loss.at(2)
    except Exception:  # of a fixed dimension, or what its own facts raise in this one
        return None


def gallery(exhibits: Sequence[Exhibit]) -> str:
    """The text of the page."""
    return page("gallery.html", {"style": stylesheet(), "version": __version__, "losses": list(_shown(exhibits))})


def _shown(exhibits: Iterable[Exhibit]) -> Iterator[dict[str, Any]]:
    for place, exhibit in enumerate(exhibits):
        loss, drawn = exhibit.loss, exhibit.pictured
        picture = None
        if drawn is not None and isinstance(exhibit.grid, Grid):
            svg = draw_contour(drawn, exhibit.grid.x, exhibit.grid.y, exhibit.grid.values)
            source = "data:image/svg+xml," + quote(svg, safe=" =:/,;()'!*@$+?-._~")
            width, height = PANEL
            picture = {"source": source, "alt": alt_contour(drawn), "width": width, "height": height}
        yield {"id": f"loss-{place + 1}", "loss": loss, "picture": picture, "why": _why(exhibit)}


def _why(exhibit: Exhibit) -> str:
    """Why there is no picture, or of what it is if not of the loss as it is."""
    if exhibit.pictured is None:
        return f"No picture: it has {exhibit.loss.dim} coordinates, and a picture has room for two."
    if not isinstance(exhibit.grid, Grid):
        return f"No picture: {exhibit.grid}."
    if exhibit.pictured.dim != exhibit.loss.dim:
        return "Drawn in two dimensions."
    part = "Part of the domain: all of it has more waves than a picture of this size can show."
    return "" if exhibit.pictured.domain == exhibit.loss.domain else part
