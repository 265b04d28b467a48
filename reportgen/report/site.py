"""The site: figures as soon as their loss is done, then all pages, and nothing left over from an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from reportgen.analysis.oneloss import OneLoss, one_loss
from reportgen.figures.plan import Picture, pictures
from reportgen.report.assets import FOLDER, assets
from reportgen.report.card import card
from reportgen.report.context import Page, Report
from reportgen.report.current import read_record, write_record
from reportgen.report.edition import CARD, PLAIN, Edition
from reportgen.report.single import NAME, single
from reportgen.report.template import page, rendered
from reportgen.results.files import replacing
from reportgen.results.read import Results


class Site:
    """The site in the folder ``output``; ``on_figure`` is told the name of each figure before it is drawn."""

    def __init__(self, output: Path, on_figure: Callable[[str], None] | None = None, edition: Edition = PLAIN) -> None:
        self._output = output
        self._edition = edition
        self._on_figure = on_figure or (lambda _name: None)
        self._drawn: dict[str, list[Picture]] = {}

    def draw(self, results: Results) -> None:
        """Draw the figures of the losses that ``results`` has runs of, all of which are done."""
        for label in results.runs["loss"].astype(str).unique():
            self._draw(one_loss(results, label))

    def write(self, results: Results) -> Path:
        """Draw what is missing and write all pages; the path of the first."""
        views = [one_loss(results, fact["label"]) for fact in results.manifest["losses"]]
        for view in views:
            if view.label not in self._drawn:
                self._draw(view)
        report = Report(results, views, self._drawn, has_data=(self._output / "results").is_dir())
        files: dict[str, str | bytes] = {".nojekyll": "", **assets(self._edition.templates)}
        pages = report.pages()
        first = next(pages)
        if results.manifest.get("site_url"):
            files[CARD] = card(first[2], views)
        files |= self._pages(first, pages, files)
        for name, content in files.items():
            self._put(name, content)
        made = [*files, *(f"{FOLDER}/{file}" for file in self._figures())]
        self._remove(set(read_record(self._output)["files"]) - set(made))
        write_record(self._output, results.manifest, self._edition, made)
        return self._output / "index.html"

    def _pages(self, first: Page, others: Iterator[Page], files: Mapping[str, str | bytes]) -> dict[str, str]:
        """All pages, and the one with all of them; made before any is written, so that none is where one is broken."""
        folder = self._edition.templates
        made = {
            name: page(template, context | {"path": name}, folder) for name, template, context in chain([first], others)
        }
        shared = first[2] | {"path": NAME}

        def asset(file: str) -> bytes:
            content = files.get(f"{FOLDER}/{file}")
            if content is None:
                return (self._output / FOLDER / file).read_bytes()
            return content.encode() if isinstance(content, str) else content

        def render(template: str, context: dict[str, object]) -> str:
            return rendered(template, shared | context, folder)

        limit = int(self._edition.max_size * 2**20)
        return made | {NAME: single(made, asset, set(self._figures()), render, limit)}

    def _figures(self) -> Iterator[str]:
        return (picture.file for drawn in self._drawn.values() for picture in drawn)

    def _draw(self, view: OneLoss) -> None:
        made = pictures(view)
        for picture in made:
            self._on_figure(picture.file.removesuffix(".svg"))
            self._put(f"{FOLDER}/{picture.file}", picture.draw())
        self._drawn[view.label] = made

    def _put(self, name: str, content: str | bytes) -> None:
        with replacing(self._output / name) as temporary:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)

    def _remove(self, names: set[str]) -> None:
        for name in names:
            (self._output / name).unlink(missing_ok=True)
