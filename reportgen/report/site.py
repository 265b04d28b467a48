"""The site: figures as soon as their loss is done, then all pages, and nothing left over from an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reportgen.analysis.oneloss import OneLoss, one_loss
from reportgen.figures.plan import Picture, pictures
from reportgen.report.context import Report
from reportgen.report.current import read_record, write_record
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import page
from reportgen.results.files import replacing
from reportgen.results.read import Results


class Site:
    """The site in the folder ``output``; ``on_figure`` is told the name of each figure before it is drawn."""

    def __init__(self, output: Path, on_figure: Callable[[str], None] | None = None) -> None:
        self._output = output
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
        files = {"assets/site.css": stylesheet(), ".nojekyll": ""}
        files |= {name: page(template, context) for name, template, context in report.pages()}
        for name, text in files.items():
            self._put(name, text)
        made = [*files, *(f"assets/{p.file}" for drawn in self._drawn.values() for p in drawn)]
        self._remove(set(read_record(self._output)["files"]) - set(made))
        write_record(self._output, results.manifest, made, about=report.about())
        return self._output / "index.html"

    def _draw(self, view: OneLoss) -> None:
        made = pictures(view)
        for picture in made:
            self._on_figure(picture.file.removesuffix(".svg"))
            self._put(f"assets/{picture.file}", picture.draw())
        self._drawn[view.label] = made

    def _put(self, name: str, text: str) -> None:
        with replacing(self._output / name) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")

    def _remove(self, names: set[str]) -> None:
        for name in names:
            (self._output / name).unlink(missing_ok=True)
