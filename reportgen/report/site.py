"""The site: figures as soon as their loss is finished, then all pages; all files replace an earlier site at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Self

from reportgen.analysis.head_to_head import HeadToHead
from reportgen.analysis.loss_view import LossView, loss_view
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.figures.registry import FigureSpec, loss_figures
from reportgen.figures.svg import warm_up
from reportgen.report.assets import assets
from reportgen.report.basins import basin_files
from reportgen.report.cell_table import failure_reasons
from reportgen.report.csv_export import data_files
from reportgen.report.display_labels import with_display_labels
from reportgen.report.figure_workers import Batch, FigureWorkers, batches_of, draw_figures
from reportgen.report.links import ASSETS, SiteLinks
from reportgen.report.new_site import NewSite
from reportgen.report.page_context import PageContexts
from reportgen.report.page_types import Page
from reportgen.report.render_options import CARD, DEFAULT_OPTIONS, RenderOptions
from reportgen.report.single_file import NAME, single_file
from reportgen.report.site_record import SiteRecord, renderer_digest, results_digest, site_key
from reportgen.report.social_card import social_card
from reportgen.report.summary_markdown import SUMMARY, summary_markdown
from reportgen.report.template import compile_templates, find_scripts, render_page
from reportgen.results.files import inner_path
from reportgen.results.manifest import to_json
from reportgen.results.result_tables import Results

Content = str | bytes


class Site:
    """The site in the folder ``output``, which no other process can write until ``write`` or the context has ended."""

    def __init__(
        self,
        output: Path,
        on_figure: Callable[[str], None] | None = None,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> None:
        """A site that is written by ``write``.

        Args:
            output: its folder.
            on_figure: called with the name of each figure before it is drawn in this process.
            options: the user's choices.

        Raises:
            BlockingIOError: another process writes into the folder.
            OSError: it cannot be written, or the folder of the figures is a symbolic link.
        """
        self._output = output
        self._options = options
        inner_path(output, ASSETS)
        self._new = NewSite(output)
        self._assets = self._new.folder / ASSETS
        self._on_figure = on_figure or (lambda _name: None)
        self.head_to_head: Sequence[HeadToHead] = ()
        """The other optimizers against the baseline, known after ``write``."""
        self._drawn: dict[str, list[FigureSpec]] = {}
        self._fingerprints: dict[str, str] = {}
        earlier = self._new.earlier
        self._earlier = earlier.figures if earlier.renderer == renderer_digest() else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what is drawn, unless ``write`` has succeeded."""
        self._new.close()

    def warm_up(self) -> None:
        """Do what needs no results: import matplotlib and compile the templates."""
        warm_up()
        compile_templates(self._options.templates)

    def draw(self, results: Results) -> None:
        """Draw the figures of the losses in ``results``, all of which are finished."""
        shown = with_display_labels(results).without_rate_only()
        for label in shown.runs["loss"].astype(str).unique():
            view = loss_view(shown, label)
            draw_figures(self._outdated_figures(view), self._assets, self._on_figure)
            self._settle(view)

    def write(self, results: Results, workers: FigureWorkers | None = None) -> Path:
        """Draw what is missing, make all pages, and replace the earlier site. To be called once.

        Args:
            results: all results.
            workers: processes that help to draw.

        Returns:
            The path of the first page.

        Raises:
            TemplateError: one of the user's templates is broken. The earlier site stays as it is.
            OSError: a file cannot be written. The earlier site stays as it is.
        """
        with self:
            return self._write(results, workers)

    def _write(self, results: Results, workers: FigureWorkers | None) -> Path:
        analysis = ReportAnalysis(with_display_labels(results))
        self.head_to_head = analysis.head_to_head
        self._draw_missing(analysis, workers)
        pictures = basin_files(analysis.results.basins, analysis.manifest)
        contexts = PageContexts(
            analysis, self._drawn, has_data=(self._output / "results").is_dir(), stored=results.manifest
        )
        draw_figures(self._select_changed(contexts.overview), self._assets, self._on_figure)
        files: dict[str, Content] = {".nojekyll": "", **assets(self._options.templates)}
        files |= {f"{ASSETS}/{name}": content for name, content in pictures}
        index = contexts.index()
        files[SUMMARY] = summary_markdown(index, failure_reasons(results.runs))
        if index.report.site_url:
            files[CARD] = social_card(index, list(analysis.views.values()))
        pages: list[tuple[str, Page]] = [("index.html", index)]
        pages += [("loss.html", page) for page in contexts.losses()]
        pages += [("optimizer.html", page) for page in contexts.optimizers()]
        for path, content in chain(files.items(), data_files(analysis)):
            self._new.write(path, content)
        self._write_pages(pages)
        self._switch([*files], contexts, results)
        return self._output / index.path

    def _draw_missing(self, analysis: ReportAnalysis, workers: FigureWorkers | None) -> None:
        views = [view for label, view in analysis.views.items() if label not in self._drawn]
        batches: list[Batch] = []
        for view in views:
            figures = self._outdated_figures(view)
            if workers:
                batches += batches_of(view.label, figures)
            else:
                draw_figures(figures, self._assets, self._on_figure)
            self._settle(view)
        if workers:
            # A loss at a time, since it may have many trajectories.
            figures_of = lru_cache(maxsize=1)(lambda label: loss_figures(replace(analysis.views[label])))
            workers.draw(batches, figures_of, self._assets, self._on_figure)

    def _settle(self, view: LossView) -> None:
        """Keep of the figures of a loss what pages say about them, and not the data: there may be many losses."""
        self._drawn[view.label] = [figure.drawn() for figure in self._drawn[view.label]]
        view.release()

    def _write_pages(self, pages: Sequence[tuple[str, Page]]) -> None:
        """Write all pages and the single file, one at a time: together they may be large."""
        templates = self._options.templates
        for template, page in pages:
            self._new.write(page.path, render_page(template, page, SiteLinks(page.path), templates))

        def asset(name: str) -> bytes:
            return self._new.path(f"{ASSETS}/{name}").read_bytes()

        limit = int(self._options.max_size * 2**20)
        self._new.write(NAME, single_file(pages, asset, find_scripts(templates), limit, templates))

    def _switch(self, written: Sequence[str], contexts: PageContexts, results: Results) -> None:
        """Replace the earlier site by what was written and the figures."""
        # A user's own file in place of a figure was not drawn from anything.
        drawn = {
            name: fingerprint
            for name, fingerprint in sorted(self._fingerprints.items())
            if f"{ASSETS}/{name}" not in written
        }
        for name in drawn:
            self._new.add(f"{ASSETS}/{name}")
        manifest = to_json(results.manifest)
        record = SiteRecord(
            key=site_key(manifest, self._options),
            results=results_digest(manifest),
            renderer=renderer_digest(),
            figures=drawn,
            about=contexts.summary(),
        )
        self._new.switch(record)

    def _outdated_figures(self, view: LossView) -> list[FigureSpec]:
        """The figures of a loss that have to be drawn."""
        self._drawn[view.label] = loss_figures(view)
        return self._select_changed(self._drawn[view.label])

    def _select_changed(self, figures: list[FigureSpec]) -> list[FigureSpec]:
        """The figures without a file that was drawn from the same data by the same code."""
        self._fingerprints |= {figure.file: figure.digest() for figure in figures}
        return [
            figure
            for figure in figures
            if self._earlier.get(figure.file) != self._fingerprints[figure.file]
            or not self._new.has(f"{ASSETS}/{figure.file}")
        ]
