"""Addresses, ids and images as a page writes them: relative on the site, anchors and data in the single file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from markupsafe import Markup

from reportgen.figures.registry import slug
from reportgen.report.data_url import data_url
from reportgen.report.page_types import PageFigure

INDEX = "index.html"
ASSETS = "assets"


def loss_page(label: str) -> str:
    """The path of the page of a loss in the site."""
    return f"losses/{slug(label)}.html"


def optimizer_page(label: str) -> str:
    """The path of the page of an optimizer in the site."""
    return f"optimizers/{slug(label)}.html"


class Links(Protocol):
    """What templates use to refer to anything outside the text around it."""

    def page(self, path: str, anchor: str = "") -> str:
        """The address of a page of the site, or of an element on it."""

    def index(self, anchor: str = "") -> str:
        """The address of the first page."""

    def loss(self, label: str, anchor: str = "") -> str:
        """The address of the page of a loss."""

    def optimizer(self, label: str, anchor: str = "") -> str:
        """The address of the page of an optimizer."""

    def here(self, anchor: str) -> str:
        """The address of an element on this page."""

    def asset(self, name: str) -> str:
        """The address of a file in ``assets``; in the single file the file itself as data."""

    def file(self, path: str) -> str:
        """The address of a file of the site that is not a page; empty in the single file."""

    def id(self, name: str) -> str:
        """An element's id, unique in the document."""

    def labelledby(self, heading: str) -> str:
        """The ids that name a section: that of its heading and, in the single file, that of its page."""

    def image(self, figure: PageFigure, in_place: bool = False) -> Markup:
        """A figure as an image element; ``in_place``: never a reference to a shared image."""


class _Links:
    """The addresses that both kinds have in common."""

    def page(self, path: str, anchor: str = "") -> str:
        raise NotImplementedError

    def index(self, anchor: str = "") -> str:
        return self.page(INDEX, anchor)

    def loss(self, label: str, anchor: str = "") -> str:
        return self.page(loss_page(label), anchor)

    def optimizer(self, label: str, anchor: str = "") -> str:
        return self.page(optimizer_page(label), anchor)


class SiteLinks(_Links):
    """Relative addresses, for the page at ``path``."""

    def __init__(self, path: str) -> None:
        self._root = "../" * path.count("/")

    def page(self, path: str, anchor: str = "") -> str:
        """See ``Links``."""
        return f"{self._root}{path}#{anchor}" if anchor else f"{self._root}{path}"

    def here(self, anchor: str) -> str:
        """See ``Links``."""
        return f"#{anchor}"

    def asset(self, name: str) -> str:
        """See ``Links``."""
        return f"{self._root}{ASSETS}/{name}"

    def file(self, path: str) -> str:
        """See ``Links``."""
        return f"{self._root}{path}"

    def id(self, name: str) -> str:
        """See ``Links``."""
        return name

    def labelledby(self, heading: str) -> str:
        """See ``Links``."""
        return heading

    def image(self, figure: PageFigure, in_place: bool = False) -> Markup:  # noqa: ARG002 - every image is in place
        """See ``Links``."""
        return _img(self.asset(figure.file), figure, Markup(' loading="lazy"'))


class SharedImages:
    """The figures of the single file: each is stored once, however often it is shown."""

    def __init__(self, asset: Callable[[str], bytes]) -> None:
        self.asset = asset
        self.steps: set[str] = set()
        """The steps of ``single_file.STEPS`` that omit one of the figures."""
        self._shared: dict[str, tuple[str, PageFigure]] = {}
        """Id and figure by file."""

    def reference(self, figure: PageFigure) -> str:
        """The id under which the figure is stored."""
        return self._shared.setdefault(figure.file, (f"picture-{len(self._shared) + 1}", figure))[0]

    def sizes(self) -> dict[str, int]:
        """The bytes of the stored figures, by the step that omits them."""
        sizes: dict[str, int] = {}
        for _, figure in self._shared.values():
            size = len(data_url(figure.file, self.asset(figure.file)))
            sizes[figure.omission] = sizes.get(figure.omission, 0) + size
        return sizes

    def definitions(self) -> Markup:
        """The stored figures, as an element that is not shown."""
        images = (
            Markup('<image id="{}" width="{}" height="{}" href="{}"/>').format(
                name, *figure.size, data_url(figure.file, self.asset(figure.file))
            )
            for name, figure in self._shared.values()
        )
        return Markup('<svg class="shared" width="0" height="0" aria-hidden="true"><defs>{}</defs></svg>').format(
            Markup("").join(images)
        )


class SingleFileLinks(_Links):
    """Anchors and data, for the part of the single file that is the page at ``path``."""

    def __init__(self, path: str, images: SharedImages, omitted: Collection[str] = ()) -> None:
        self._path = path
        self._images = images
        self._omitted = omitted

    def page(self, path: str, anchor: str = "") -> str:
        """See ``Links``."""
        return f"#{_id(path, anchor) if anchor else part_id(path)}"

    def here(self, anchor: str) -> str:
        """See ``Links``."""
        return f"#{self.id(anchor)}"

    def asset(self, name: str) -> str:
        """See ``Links``."""
        return data_url(name, self._images.asset(name))

    def file(self, path: str) -> str:  # noqa: ARG002 - no other file comes with this one
        """See ``Links``."""
        return ""

    def id(self, name: str) -> str:
        """See ``Links``."""
        return _id(self._path, name)

    def labelledby(self, heading: str) -> str:
        """See ``Links``."""
        return heading if self._path == INDEX else f"{self.id(heading)} {self.id('name')}"

    def image(self, figure: PageFigure, in_place: bool = False) -> Markup:
        """See ``Links``."""
        self._images.steps.add(figure.omission)
        if figure.omission in self._omitted:
            return Markup('<p class="empty">Omitted to stay below the file-size limit: {}</p>').format(figure.alt)
        if in_place:
            return _img(self.asset(figure.file), figure)
        width, height = figure.size
        return Markup(
            '<svg class="picture" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">'
            '<use href="#{}"/></svg>'
        ).format(figure.alt, width, height, width, height, self._images.reference(figure))


def part_id(path: str) -> str:
    """The id of a page's part of the single file."""
    return "content" if path == INDEX else path.removesuffix(".html").replace("/", "-")


def _id(path: str, name: str) -> str:
    return name if path == INDEX else f"{part_id(path)}--{name}"


def _img(source: str, figure: PageFigure, more: Markup = Markup("")) -> Markup:  # noqa: B008 - immutable
    width, height = figure.size
    return Markup('<img src="{}" width="{}" height="{}" alt="{}"{}>').format(source, width, height, figure.alt, more)
