"""The site: figures as soon as their loss is done, then all pages, and nothing left over from an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from reportgen.analysis.loss_view import LossView, loss_view
from reportgen.figures.registry import FigureSpec, loss_figures
from reportgen.report.assets import FOLDER, assets
from reportgen.report.cell_table import failure_reasons
from reportgen.report.figure_workers import FigureWorkers, draw_figures, write_file
from reportgen.report.page_context import Page, PageContexts
from reportgen.report.render_options import CARD, DEFAULT_OPTIONS, RenderOptions
from reportgen.report.single_file import NAME, single
from reportgen.report.site_record import invalidate_record, read_record, renderer_digest, write_record
from reportgen.report.social_card import social_card
from reportgen.report.summary_markdown import SUMMARY, summary_markdown
from reportgen.report.template import render_page, render_template
from reportgen.results.result_tables import Results


class Site:
    """The site in the folder ``output``; ``on_figure`` is told the name of each figure that is drawn here."""

    def __init__(
        self, output: Path, on_figure: Callable[[str], None] | None = None, edition: RenderOptions = DEFAULT_OPTIONS
    ) -> None:
        self._output = output
        self._edition = edition
        self._assets = output / FOLDER
        self._on_figure = on_figure or (lambda _name: None)
        self._drawn: dict[str, list[FigureSpec]] = {}
        self._digests: dict[str, str] = {}
        earlier = read_record(output)
        self._earlier: dict[str, str] = earlier["figures"] if earlier["makers"] == renderer_digest() else {}

    def draw(self, results: Results) -> None:
        """Draw the figures of the losses that ``results`` has runs of, all of which are done."""
        for label in results.runs["loss"].astype(str).unique():
            draw_figures(self._due(loss_view(results, label)), self._assets, self._on_figure)

    def write(self, results: Results, assistants: FigureWorkers | None = None) -> Path:
        """Draw what is missing and write all pages; the path of the first."""
        views = [loss_view(results, fact["label"]) for fact in results.manifest["losses"]]
        jobs = [(view, self._due(view)) for view in views if view.label not in self._drawn]
        if assistants:
            assistants.draw(jobs, self._assets, self._on_figure)
        for _, due in [] if assistants else jobs:
            draw_figures(due, self._assets, self._on_figure)
        report = PageContexts(results, views, self._drawn, has_data=(self._output / "results").is_dir())
        draw_figures(self._changed(report.overview), self._assets, self._on_figure)
        files: dict[str, str | bytes] = {".nojekyll": "", **assets(self._edition.templates), **dict(report.data())}
        pages = report.pages()
        first = next(pages)
        files[SUMMARY] = summary_markdown(first[2], failure_reasons(results.runs))
        if results.manifest.get("site_url"):
            files[CARD] = social_card(first[2], views)
        files |= self._pages(first, pages, files)
        invalidate_record(self._output, figures=False)
        for name, content in files.items():
            write_file(self._output / name, content)
        made = [*files, *(f"{FOLDER}/{name}" for name in self._digests)]
        self._remove(set(read_record(self._output)["files"]) - set(made))
        about = report.about()
        # What a user's own file of the same name has taken the place of was not drawn from anything.
        figures = {name: digest for name, digest in self._digests.items() if f"{FOLDER}/{name}" not in files}
        write_record(self._output, results.manifest, made, edition=self._edition, figures=figures, about=about)
        return self._output / "index.html"

    def _pages(self, first: Page, others: Iterator[Page], files: Mapping[str, str | bytes]) -> dict[str, str]:
        """All pages, and the one with all of them; made before any is written, so that none is where one is broken."""
        folder = self._edition.templates
        made = {
            name: render_page(template, context | {"path": name}, folder)
            for name, template, context in chain([first], others)
        }
        shared = first[2] | {"path": NAME}

        def asset(file: str) -> bytes:
            content = files.get(f"{FOLDER}/{file}")
            if content is None:
                return (self._assets / file).read_bytes()
            return content.encode() if isinstance(content, str) else content

        def render(template: str, context: dict[str, object]) -> str:
            return render_template(template, shared | context, folder)

        limit = int(self._edition.max_size * 2**20)
        return made | {NAME: single(made, asset, set(self._digests), render, limit)}

    def _due(self, view: LossView) -> list[FigureSpec]:
        """The figures of a loss that are to be drawn."""
        self._drawn[view.label] = loss_figures(view)
        return self._changed(self._drawn[view.label])

    def _changed(self, some: list[FigureSpec]) -> list[FigureSpec]:
        """Those of which there is no file that was drawn from the same data by the same code."""
        self._digests |= {picture.file: picture.digest() for picture in some}
        changed = [
            picture
            for picture in some
            if self._earlier.get(picture.file) != self._digests[picture.file]
            or not (self._assets / picture.file).is_file()
        ]
        if changed:
            # Should this render not come to its end, its figures must not be taken for those of the earlier one.
            invalidate_record(self._output, figures=True)
        return changed

    def _remove(self, names: set[str]) -> None:
        for name in names:
            (self._output / name).unlink(missing_ok=True)
