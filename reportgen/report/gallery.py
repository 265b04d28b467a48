"""The gallery: one page with a picture of each loss and all its facts, in a single file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from reportgen import __version__
from reportgen.engine.result import Grid
from reportgen.failure import Failure
from reportgen.figures.loss_contour import alt_contour, draw_contour
from reportgen.figures.style import PANEL
from reportgen.loss import Loss
from reportgen.report.data_url import data_url
from reportgen.report.links import INDEX, SiteLinks
from reportgen.report.math_font import embed_math_font, read_math_font
from reportgen.report.page_types import GalleryItem, GalleryPage, PageFigure
from reportgen.report.plane_slice import PlottedLoss
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import render_page


@dataclass(frozen=True)
class Exhibit:
    """A loss and its picture."""

    loss: Loss
    """As it is declared."""
    plotted: PlottedLoss
    """As it is drawn: on its domain or the middle of it."""
    grid: Grid | Failure | None = None
    """Its values; a failure or None if there is no picture."""


def gallery(exhibits: Sequence[Exhibit]) -> str:
    """The text of the page."""
    by_title = sorted(exhibits, key=lambda exhibit: exhibit.loss.title.casefold())
    items = [_item(place, exhibit) for place, exhibit in enumerate(by_title)]
    style = embed_math_font(stylesheet(), read_math_font)
    page = GalleryPage(style=Markup(style), version=__version__, losses=items, letters=_letters(items))
    return render_page("gallery.html", page, SiteLinks(INDEX))


def _letters(items: Sequence[GalleryItem]) -> list[tuple[str, str]]:
    """The first letters of the titles, each with the id of the first loss that it begins."""
    return [
        (letter, next(group).id)
        for letter, group in groupby(items, key=lambda item: item.loss.title[:1].upper() or "?")
    ]


def _item(place: int, exhibit: Exhibit) -> GalleryItem:
    picture, drawn = None, exhibit.plotted.loss
    if isinstance(exhibit.grid, Grid):
        svg = draw_contour(drawn, exhibit.grid.x, exhibit.grid.y, exhibit.grid.values)
        picture = PageFigure(data_url("loss.svg", svg.encode()), PANEL, alt_contour(drawn))
    return GalleryItem(f"loss-{place + 1}", exhibit.loss, picture, _note(exhibit))


def _note(exhibit: Exhibit) -> str:
    """Why there is no picture, or what it shows if not the loss as it is."""
    if not isinstance(exhibit.grid, Grid):
        return f"No picture: {exhibit.grid.reason if exhibit.grid else 'there is no plane to draw it on'}."
    drawn = exhibit.plotted.loss
    if exhibit.plotted.plane:
        through = "the minimizer" if exhibit.loss.minima else "the middle of the domain"
        x, y = drawn.start
        return f"A slice through {through}, drawn at (0, 0), and the standard start, drawn at ({x:g}, {y:g})."
    if drawn.dim != exhibit.loss.dim:
        return "Drawn in two dimensions."
    part = "Part of the domain: the whole has more waves than a picture of this size can show."
    return "" if drawn.domain == exhibit.loss.domain else part
