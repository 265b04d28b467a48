"""The report: static pages from results, for any web server or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from reportgen.report.render_options import DEFAULT_OPTIONS, RenderOptions


def render(
    results: Path,
    output: Path,
    on_figure: Callable[[str], None] | None = None,
    edition: RenderOptions = DEFAULT_OPTIONS,
    *,
    assistants: int = 0,
) -> Path:
    """Make the report of a results folder in ``output``; the path of its first page.

    Args:
        results: the folder with the tables and the manifest.
        output: where the site goes; what is there and not of the site stays.
        on_figure: told the name of each figure before it is drawn in this process.
        edition: what the user chose of it.
        assistants: how many processes draw beside this one; with any, a script that calls this needs the guard
            ``if __name__ == "__main__"``.

    Raises:
        TemplateError: where a template of the user's is broken; pages that are there stay as they are.
    """
    from reportgen.report.figure_workers import FigureWorkers

    with FigureWorkers(results, assistants) if assistants else nullcontext() as beside:
        from reportgen.report.site import Site
        from reportgen.results.result_tables import Results

        return Site(output, on_figure, edition).write(Results.for_report(results), beside)
