"""The report: a static site made from results, for any web server or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from reportgen.report.render_options import DEFAULT_OPTIONS, RenderOptions


def render(
    results: Path,
    output: Path,
    on_figure: Callable[[str], None] | None = None,
    options: RenderOptions = DEFAULT_OPTIONS,
    *,
    workers: int = 0,
) -> Path:
    """Write the report of a results folder. Returns the path of its first page.

    Args:
        results: the folder with the tables and the manifest.
        output: the folder of the site; files that are not part of the site stay.
        on_figure: called with the name of each figure before it is drawn in this process.
        options: the user's choices.
        workers: processes that help to draw. A script that uses any needs the guard ``if __name__ == "__main__"``.

    Raises:
        TemplateError: one of the user's templates is broken. An earlier report stays as it is.
        BlockingIOError: another process writes into ``output``.
        OSError: a file cannot be written. An earlier report stays as it is.
    """
    from reportgen.report.figure_workers import FigureWorkers

    with FigureWorkers(results, workers) if workers else nullcontext() as figure_workers:
        from reportgen.report.site import Site
        from reportgen.results.result_tables import Results

        return Site(output, on_figure, options).write(Results.for_report(results), figure_workers)
