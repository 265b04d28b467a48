"""The files of a site: complete, escaped and repeatable, without files of an earlier render."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import printed
import pytest
import synthetic

from reportgen.figures.style import COLOURS
from reportgen.report import render
from reportgen.report.formula import math_block, math_inline
from reportgen.report.site import Site
from reportgen.report.site_record import RECORD, is_current
from reportgen.report.stylesheet import HEAT
from reportgen.results.manifest import HyperparameterInfo, LossInfo
from reportgen.results.result_tables import Results

HOSTILE = {"adam": "<script>alert(1)</script>", "beale": "損失 \"'&" + "x" * 200}


def made(**options: object) -> Results:
    """Results on two losses, because most of the time goes into the figures of each loss."""
    chosen = {
        "losses": (synthetic.QUARTIC, synthetic.BEALE),
        "optimizers": ("gradient_descent", "adam"),
        "rates": (1e-3, 1e-2, 1e-1),
        "starts": 3,
        "steps": 60,
    }
    return synthetic.results(**(chosen | options))  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Scripts(HTMLParser):
    """The text of all script elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(text)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.text += data


def test_two_renders_give_the_same_bytes(tmp_path: Path) -> None:
    folder = synthetic.write(made(), tmp_path / "results")
    for name in ("a", "b"):
        render(folder, tmp_path / name)
    assert files(tmp_path / "a") == files(tmp_path / "b")


@pytest.mark.slow
def test_drawing_early_changes_nothing(tmp_path: Path) -> None:
    results = made()
    Site(tmp_path / "late").write(results)
    early = Site(tmp_path / "early")
    for label in ("beale", "quartic"):
        early.draw(results.of_loss(label))
    early.write(results)
    assert files(tmp_path / "early") == files(tmp_path / "late")


def test_each_figure_is_announced_and_lands_in_assets(tmp_path: Path) -> None:
    names: list[str] = []
    Site(tmp_path, names.append).write(made())
    drawn = {path.stem for path in (tmp_path / "assets").glob("*.svg")}
    assert set(names) == drawn
    assert len(names) == len(drawn) == 2 * 7 + 2 + 2


def test_outdated_files_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    Site(tmp_path).write(made())
    (tmp_path / "mine.txt").write_text("keep")
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("keep")
    record = json.loads((tmp_path / RECORD).read_text())
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()
    record["files"] |= dict.fromkeys(["../outside.txt", str(outside)], digest)
    (tmp_path / RECORD).write_text(json.dumps(record))
    Site(tmp_path).write(made(losses=[synthetic.BEALE]))
    assert not (tmp_path / "losses" / "quartic.html").exists()
    assert not list((tmp_path / "assets").glob("*quartic*"))
    assert (tmp_path / "mine.txt").exists()
    assert outside.exists()


def test_a_site_is_current_until_anything_changes(tmp_path: Path) -> None:
    folder = synthetic.write(made(), tmp_path / "results")
    assert not is_current(tmp_path)
    render(folder, tmp_path)
    assert is_current(tmp_path)
    page = tmp_path / "optimizers" / "adam.html"
    text = page.read_text()
    page.unlink()
    assert not is_current(tmp_path)
    page.write_text(text)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"git_commit": "0" * 40}))
    assert not is_current(tmp_path)


def test_is_current_imports_no_heavy_package(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reportgen.report.site_record import is_current;"
        f"is_current(Path({str(tmp_path)!r}));"
        "sys.exit(any(name in sys.modules for name in ('pandas', 'matplotlib', 'jinja2', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    Site(tmp_path).write(made(losses=[synthetic.BEALE], rename=HOSTILE))
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "alert" not in Scripts(text).text
        assert "<script>alert" not in text
        assert len(page.name) < 80
    assert "&lt;script&gt;" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_failed_and_diverged_configurations_have_rows(tmp_path: Path) -> None:
    Site(tmp_path).write(made(losses=[synthetic.BEALE], failed=[("beale", "adam")], rates=(1e-3, 100.0)))
    text = (tmp_path / "losses" / "beale.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<tr id="cell-', text)) == 4
    assert "step() returned a position of another shape" in text
    assert 'class="diverged' in text
    assert 'class="failed' in text


def test_an_optimizers_page_has_its_curves_and_all_its_configurations(tmp_path: Path) -> None:
    results = made()
    Site(tmp_path).write(results)
    page = (tmp_path / "optimizers" / "adam.html").read_text()
    for loss in results.runs["loss"].astype(str).unique():
        assert f"convergence.{loss}.svg" in page
    cells = page[page.index('<table class="cells') :]
    expected = results.runs.loc[results.runs["optimizer"] == "adam", "cell_id"].nunique()
    assert cells[: cells.index("</table>")].count("<tr") == expected + 1


@pytest.mark.parametrize("failed", [[], [("quartic", "adam")]])
def test_a_matrix_of_one(tmp_path: Path, failed: list[tuple[str, str]]) -> None:
    one = made(losses=[synthetic.QUARTIC], optimizers=("adam",), rates=(0.1,), starts=1, steps=1, failed=failed)
    page = Site(tmp_path).write(one)
    assert "1 optimizer × 1 learning rate (10⁻¹) × 1 loss × 1 start: 1 run" in page.read_text(encoding="utf-8")


def test_a_loss_that_could_not_be_loaded_still_has_its_page(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE], failed=[("beale", "adam"), ("beale", "gradient_descent")])
    info = LossInfo("beale", "beale", "Beale", note="cannot be imported")
    broken = replace(results, grids=results.grids.head(0), manifest=replace(results.manifest, losses=(info,)))
    Site(tmp_path).write(broken)
    text = (tmp_path / "losses" / "beale.html").read_text(encoding="utf-8")
    assert "cannot be imported" in text
    assert "could not be loaded" in text


def test_a_loss_without_a_minimum_is_not_shown_as_diverged(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE], optimizers=("adam",), rates=(1e-3,))
    manifest = replace(results.manifest, losses=(replace(results.manifest.losses[0], minimum=None),))
    Site(tmp_path).write(replace(results, runs=results.runs.assign(gap=float("inf")), manifest=manifest))
    page = (tmp_path / "losses" / "beale.html").read_text()
    table = page[page.index("<table") : page.index("</table")]
    assert "n/a" in table
    assert "diverged" not in table


def test_functions_and_sums_are_set_as_in_print() -> None:
    text = math_block(r"x \sin x \sin^2 y \cos(2x) \left(\sum_{i=1}^n x_i\right)^2 x_1 y")
    assert text.count("<mspace") == 5
    assert "<msup><mi>sin</mi><mn>2</mn></msup>" in text
    assert "</mi><mo" in text.partition("cos")[2]
    assert text.count("<munderover><mo>∑</mo>") == 1


def test_long_formulas_can_be_broken_before_a_summand_only() -> None:
    squares = r"\left(x + y - 1\right)^2 + |x - y + 1|^{-2} - \frac{1 + x}{2 - y} + 10 \cdot -x + \{2 + y\}"
    pieces = [re.sub("<[^>]+>", "", piece) for piece in math_block(squares).split("</math>")]
    assert math_block(squares).count('<div class="terms">') == 1
    assert [piece.strip()[:3] for piece in pieces] == ["(x+", "+|x", "−1+", "+10", "+{2", ""]
    assert math_block("x + y - 1").count("<math") == 1
    assert math_block(r"\left[12345 (x + y)^2 + 1\right] \cdot [6789 (x - y)^2 + 1] + 1").count("<math") == 3


def test_formulas_become_mathml_line_by_line() -> None:
    assert math_block(r"b \leftarrow \mu b + g \\ x \leftarrow x - \eta b").count("<math") == 2
    assert math_block(r"s x, \quad s = 1, t = \{2, \quad 3\}").count("<math") == 2
    assert "<mi>μ</mi>" in math_inline(r"\mu")
    assert "<script" not in math_block("<script>alert(1)</script>")
    assert "<script" not in math_inline(r"\text{<script>}")


def test_a_formula_that_cannot_be_read_is_shown_as_written() -> None:
    assert math_block(r"\frac{") == r"<code>\frac{</code>"


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_lines_stand_out(scheme: str) -> None:
    which = ("light", "dark").index(scheme)
    for back, text in HEAT[scheme]:
        assert _contrast(back, text) >= 4.5, (back, text)
    paper = COLOURS["paper"][which]
    for name in ("ink", "quiet", *(name for name in COLOURS if name[0] == "s")):
        assert _contrast(COLOURS[name][which], paper) >= 4.5, name


def test_a_first_page_of_many_losses_and_optimizers_stays_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.report.page_context.MOST_CARDS", 1)
    monkeypatch.setattr("reportgen.report.page_context.MOST_BRIEF", 1)
    text = Site(tmp_path).write(made(losses=synthetic.LOSSES)).read_text(encoding="utf-8")
    assert text.count('<table class="heat brief">') == 1
    assert "Each card shows the 1 best optimizer on its loss." in text
    assert "2 more losses" in text
    for name in ("quartic", "rosenbrock", "beale"):
        assert f'href="losses/{name}.html"' in text
        assert f"assets/thumbnail.{name}.svg" in text


def test_a_long_label_fills_no_page(tmp_path: Path) -> None:
    label = "lookahead[" + "x" * 180 + "]"
    text = Site(tmp_path).write(made(rename={"adam": label})).read_text(encoding="utf-8")
    head, _, rest = text.partition('<section id="reproduce"')
    assert label not in re.sub(r'(title|alt|aria-label)="[^"]*"|<span class="(hidden|tip)">[^<]*</span>', "", head)
    assert f'title="{label}"' in head
    assert label in rest


def test_a_loss_without_a_minimum_has_paths_but_no_gaps_and_changes_no_hit_rate(tmp_path: Path) -> None:
    results = made(losses=synthetic.LOSSES)
    infos = tuple(
        replace(info, minimum=None, minima=()) if info.label == "beale" else info for info in results.manifest.losses
    )
    hits = {name: None for name in results.runs.columns if name.startswith("hit_")}
    here = results.runs["loss"] == "beale"
    runs = results.runs.assign(gap=results.runs["gap"].where(~here))
    runs.loc[here, list(hits)] = pd.NA
    changed = replace(results, runs=runs, manifest=replace(results.manifest, losses=infos))
    page = Site(tmp_path).write(changed).read_text(encoding="utf-8")
    drawn = {path.name.partition(".")[0] for path in (tmp_path / "assets").glob("*.beale*.svg")}
    assert drawn == {"background", "paths", "thumbnail"}
    loss = (tmp_path / "losses" / "beale.html").read_text(encoding="utf-8")
    assert "No minimum is known" in loss
    cells = loss[loss.index('id="cells-heading"') :]
    assert "∞" not in cells
    without = Site(tmp_path / "without").write(made(losses=[toy for toy in synthetic.LOSSES if toy.label != "beale"]))
    shares = [
        re.findall(r'%</td><td class="num">([^<]*)</td>', text) for text in (page, without.read_text(encoding="utf-8"))
    ]
    assert shares[0] == shares[1] != []


def test_without_the_standard_start_no_text_mentions_it(tmp_path: Path) -> None:
    results = made()
    starts = results.manifest.config.starts.model_copy(update={"standard": False})
    config = results.manifest.config.model_copy(update={"starts": starts})
    manifest = replace(results.manifest, config=config)
    runs = results.runs[results.runs["start"] > 0]
    Site(tmp_path).write(replace(results, runs=runs, manifest=manifest))
    text = (tmp_path / "index.html").read_text(encoding="utf-8") + (tmp_path / "losses" / "beale.html").read_text(
        encoding="utf-8"
    )
    assert "from the first start" in text
    assert "from the standard start" not in text


def foreign(name: str, doc: str = "") -> HyperparameterInfo:
    """A hyperparameter as declared for an optimizer of another framework: without symbol, range and meaning."""
    return HyperparameterInfo(name, None, default=None, doc=doc)


SCHEDULE = HyperparameterInfo("schedule", "constant", default="constant", choices=("constant", "cosine"), doc="how")


@pytest.mark.parametrize(
    ("items", "columns", "line"),
    [
        ((foreign("clipnorm"), SCHEDULE), ["Name", "Value", "Default"], True),
        ((foreign("mine", doc="what it does"), SCHEDULE), ["Name", "Value", "Default", "Meaning"], True),
        ((SCHEDULE,), ["Name", "Value", "Default", "Range", "Meaning"], False),
    ],
)
def test_the_table_of_hyperparameters_has_no_empty_column(
    items: tuple[HyperparameterInfo, ...], columns: list[str], line: bool, tmp_path: Path
) -> None:
    results = made(losses=[synthetic.BEALE], optimizers=("adam",))
    (info,) = results.manifest.optimizers
    manifest = replace(results.manifest, optimizers=(replace(info, hyperparameters=items),))
    Site(tmp_path).write(replace(results, manifest=manifest))
    page = printed.page(tmp_path / "optimizers" / "adam.html")
    table = page.one("table", "meanings")
    assert [head.text() for head in table.one("thead").all("th")] == columns
    assert all(len(row.all("td")) == len(columns) - 1 for row in table.one("tbody").all("tr"))
    sentence = "schedule: how the learning rate changes over the run (constant, cosine)."
    assert (sentence in page.text()) == line
    assert ("none" in table.text()) == (len(items) > 1)


def test_the_same_curve_but_for_rounding_is_no_lead(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE], optimizers=("gradient_descent", "nesterov"), steps=20)
    runs = results.runs.sort_values(["optimizer", "loss", "learning_rate", "start"]).reset_index(drop=True)
    half = len(runs) // 2
    for column in runs.columns.difference(["optimizer", "family", "run_id", "cell_id", "hyperparameters"]):
        runs.loc[half:, column] = runs[column].iloc[:half].array
    runs.loc[half:, "gap"] *= 1 + 1e-13
    Site(tmp_path).write(replace(results, runs=runs))
    page = printed.page(tmp_path / "losses" / "beale.html")
    assert "gradient_descent and nesterov end with the same median gap" in page.text()
