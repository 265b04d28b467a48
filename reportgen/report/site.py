"""The site: figures as soon as their loss is done, then all pages, and nothing left over from an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reportgen.analysis.oneloss import OneLoss, one_loss
from reportgen.figures.plan import Picture, pictures
from reportgen.report.context import Report
from reportgen.report.current import makers, read_record, write_record
from reportgen.report.drawing import Assistants, draw_here, write_text
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import page, read
from reportgen.results.read import Results

SCRIPTS = ("site.js", "player.js")


class Site:
    """The site in the folder ``output``; ``on_figure`` is told the name of each figure that is drawn here."""

    def __init__(self, output: Path, on_figure: Callable[[str], None] | None = None) -> None:
        self._output = output
        self._assets = output / "assets"
        self._on_figure = on_figure or (lambda _name: None)
        self._drawn: dict[str, list[Picture]] = {}
        self._digests: dict[str, str] = {}
        self._makers = makers()
        earlier = read_record(output)
        self._earlier: dict[str, str] = earlier["figures"] if earlier["makers"] == self._makers else {}

    def draw(self, results: Results) -> None:
        """Draw the figures of the losses that ``results`` has runs of, all of which are done."""
        for label in results.runs["loss"].astype(str).unique():
            draw_here(self._due(one_loss(results, label)), self._assets, self._on_figure)

    def write(self, results: Results, assistants: Assistants | None = None) -> Path:
        """Draw what is missing and write all pages; the path of the first."""
        views = [one_loss(results, fact["label"]) for fact in results.manifest["losses"]]
        jobs = [(view, self._due(view)) for view in views if view.label not in self._drawn]
        if assistants:
            assistants.draw(jobs, self._assets, self._on_figure)
        for _, due in [] if assistants else jobs:
            draw_here(due, self._assets, self._on_figure)
        report = Report(results, views, self._drawn, has_data=(self._output / "results").is_dir())
        draw_here(self._changed(report.overview), self._assets, self._on_figure)
        files = {"assets/site.css": stylesheet(), ".nojekyll": ""}
        files |= {f"assets/{name}": read(name) for name in SCRIPTS}
        files |= {name: page(template, context) for name, template, context in report.pages()}
        files |= dict(report.data())
        for name, text in files.items():
            write_text(self._output / name, text)
        made = [*files, *(f"assets/{name}" for name in self._digests)]
        self._remove(set(read_record(self._output)["files"]) - set(made))
        write_record(self._output, results.manifest, made, self._makers, self._digests)
        return self._output / "index.html"

    def _due(self, view: OneLoss) -> list[Picture]:
        """The figures of a loss that are to be drawn."""
        self._drawn[view.label] = pictures(view)
        return self._changed(self._drawn[view.label])

    def _changed(self, some: list[Picture]) -> list[Picture]:
        """Those of which there is no file that was drawn from the same data by the same code."""
        self._digests |= {picture.file: picture.digest() for picture in some}
        return [
            picture
            for picture in some
            if self._earlier.get(picture.file) != self._digests[picture.file]
            or not (self._assets / picture.file).is_file()
        ]

    def _remove(self, names: set[str]) -> None:
        for name in names:
            (self._output / name).unlink(missing_ok=True)
