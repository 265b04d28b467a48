"""The figures and tables of a report as files for papers and slides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.figures.paper import PaperFigure, paper_figure
from reportgen.figures.paper_files import FORMATS as FIGURE_FORMATS
from reportgen.figures.registry import loss_figures, slug
from reportgen.report.display_labels import with_display_labels
from reportgen.report.figure_workers import write_file
from reportgen.report.latex import latex_table
from reportgen.report.markdown import Table, strong, table_markdown, text
from reportgen.report.page_context import PageContexts
from reportgen.report.paper_tables import PaperTable, Strong, index_tables, loss_tables
from reportgen.results.result_tables import Results

TABLE_FORMATS = ("tex", "md")
FORMATS = (*FIGURE_FORMATS, *TABLE_FORMATS)


class NoSuchNameError(Exception):
    """No figure or table has a wanted name."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names
        """Those that exist."""


def write_papers(
    results: Path,
    output: Path,
    *,
    formats: Sequence[str],
    width: float,
    only: Sequence[str],
    on_item: Callable[[str], None],
) -> None:
    """Write each figure and each table of a report in each format.

    Args:
        results: the results folder.
        output: the folder of the files, such as ``beale/paths-adam.pdf``.
        formats: some of ``FORMATS``.
        width: of the figures, inches.
        only: patterns of the names that are written, as in a shell; all if empty.
        on_item: called with the name of each figure or table before it is written.

    Raises:
        NoSuchNameError: no name matches ``only``.
        NotResultsError: there are no results, or they are damaged.
        OSError: a file cannot be written.
    """
    loaded = Results.for_report(results)
    analysis = ReportAnalysis(with_display_labels(loaded))
    drawn = {label: loss_figures(view) for label, view in analysis.views.items()}
    contexts = PageContexts(analysis, drawn, has_data=False, stored=loaded.manifest)
    items: list[PaperFigure | PaperTable] = [
        *(_figures(analysis, contexts) if set(formats) & set(FIGURE_FORMATS) else ()),
        *(_tables(contexts) if set(formats) & set(TABLE_FORMATS) else ()),
    ]
    wanted = [item for item in items if not only or any(fnmatchcase(item.name, pattern) for pattern in only)]
    if not wanted:
        raise NoSuchNameError([item.name for item in items])
    for item in wanted:
        on_item(item.name)
        for kind, content in _files(item, formats, width):
            path = output / f"{item.name}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, content)


def _figures(analysis: ReportAnalysis, contexts: PageContexts) -> Iterator[PaperFigure]:
    found = [paper_figure(spec, None, "") for spec in contexts.overview]
    for view in analysis.views.values():
        found += [paper_figure(spec, view, slug(view.label)) for spec in loss_figures(view)]
    return (figure for figure in found if figure)


def _tables(contexts: PageContexts) -> Iterator[PaperTable]:
    yield from index_tables(contexts.index())
    for page in contexts.losses():
        yield from loss_tables(page)


def _files(item: PaperFigure | PaperTable, formats: Sequence[str], width: float) -> Iterator[tuple[str, str | bytes]]:
    """The formats of an item, with the content of each."""
    if isinstance(item, PaperFigure):
        yield from item.files(width, tuple(kind for kind in formats if kind in FIGURE_FORMATS)).items()
        return
    for kind in formats:
        if kind in TABLE_FORMATS:
            yield kind, latex_table(item) if kind == "tex" else _markdown(item)


def _markdown(table: PaperTable) -> str:
    rows = [[strong(cell) if isinstance(cell, Strong) else text(cell) for cell in row] for row in table.rows]
    numbers = frozenset(range(len(table.header))) - table.texts
    return table_markdown(Table([text(cell) for cell in table.header], rows, numbers))
