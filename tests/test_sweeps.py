"""Sweeps of hyperparameters on the first page: which optimizers form one, its numbers, tables and picture."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from page_checks import View, problems
from printed import Element, page

from reportgen.analysis.ranking import Rank
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.report.ranking_table import RankingRow
from reportgen.report.site import Site
from reportgen.report.sweeps import Sweep, sweeps
from reportgen.results.manifest import HyperparameterInfo, OptimizerInfo
from reportgen.results.result_tables import Results

CONFIG = Path(__file__).with_name("htmlvalidate.json")
DEFAULTS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}
TWO = [{"beta_1": a, "beta_2": b} for a in (0.9, 0.99) for b in (0.9, 0.99, 0.999)]
ONE = [{"beta_2": b} for b in (0.9, 0.99, 0.999)]
THREE = [{"beta_1": a, "beta_2": b, "epsilon": c} for a in (0.5, 0.9) for b in (0.9, 0.999) for c in (1e-7, 0.1)]
Values = Mapping[str, float | bool]


def info(values: Values, label: str = "") -> OptimizerInfo:
    settings = tuple(HyperparameterInfo(name, values.get(name, each), each) for name, each in DEFAULTS.items())
    named = ",".join(f"{name}={value}" for name, value in values.items())
    return OptimizerInfo(label=label or f"adam[{named}]", family="adam", title="Adam", hyperparameters=settings)


def row(label: str, score: float, compared: bool = True) -> RankingRow:
    return RankingRow(Rank(1, label, False, score, ()), compared, (score / 2, score), None, None, None)


def swept(all_values: Sequence[Values], scores: Sequence[float], compared: Sequence[bool] = ()) -> list[Sweep]:
    optimizers = [info(values) for values in all_values]
    places = compared or [True] * len(scores)
    rows = [row(each.label, score, place) for each, score, place in zip(optimizers, scores, places, strict=True)]
    return sweeps(optimizers, sorted(rows, key=lambda each: -each.rank.score))


def results(all_values: Sequence[Values]) -> Results:
    """Results in which the rules of other optimizers stand for adam with these values."""
    names = list(synthetic.OPTIMIZERS)[-len(all_values) :]
    losses, rates = [synthetic.BEALE, synthetic.QUARTIC], [1e-3, 1e-2, 1e-1]
    made = synthetic.results(losses, names, rates, starts=7, steps=60)
    known = zip(made.manifest.optimizers, all_values, strict=True)
    optimizers = tuple(replace(info(values, each.label), learning_rates=each.learning_rates) for each, values in known)
    return replace(made, manifest=replace(made.manifest, optimizers=optimizers))


def section(folder: Path, made: Results) -> Element:
    return page(Site(folder).write(made)).one("section", id="sweeps")


def effects(sweep: Sweep) -> dict[str, float | None]:
    return {axis.name: axis.effect for axis in sweep.axes}


def test_main_effects_are_the_shares_of_the_variance_that_the_means_explain() -> None:
    table = np.array([[0.2, 0.3, 0.4], [0.5, 0.6, 0.9]])
    (sweep,) = swept(TWO, table.ravel().tolist())
    expected = {"beta_1": table.mean(axis=1).var() / table.var(), "beta_2": table.mean(axis=0).var() / table.var()}
    assert effects(sweep) == pytest.approx(expected)
    assert sweep.heading == "adam: beta_1 = 0.99 with beta_2 = 0.999 hits the most targets (90 %)"
    assert "over the 6 combinations, beta_1 explains 65 % and beta_2 30 % (main effects)" in sweep.summary
    assert "The rest, 4 %, depends" in sweep.summary
    assert "The 95 % interval of the best is 45 to 90 %" in sweep.summary


def test_effects_of_purely_additive_scores_leave_no_rest() -> None:
    scores = [0.1 + 0.5 * each["beta_1"] + 0.1 * each["beta_2"] for each in THREE]
    (sweep,) = swept(THREE, scores)
    found = effects(sweep)
    assert found["epsilon"] == pytest.approx(0)
    assert sum(effect or 0 for effect in found.values()) == pytest.approx(1)
    assert sweep.cells == []


def test_the_axis_with_fewer_values_gives_the_columns() -> None:
    (sweep,) = swept(TWO, [0.2, 0.3, 0.4, 0.5, 0.6, 0.9])
    assert [axis.name for axis in sweep.axes] == ["beta_2", "beta_1"]
    assert [[value.text for value in axis.values] for axis in sweep.axes] == [["0.9", "0.99", "0.999"], ["0.9", "0.99"]]
    scores = [[cell.row.rank.score for cell in cells if cell] for cells in sweep.cells]
    assert scores == [[0.2, 0.5], [0.3, 0.6], [0.4, 0.9]]
    assert [cell.level for cells in sweep.cells for cell in cells if cell] == [0, 3, 1, 4, 2, 7]


@pytest.mark.parametrize(
    ("scores", "heading"),
    [
        ([0.4, 0.4, 0.1], "adam: 2 of 3 combinations hit the most targets (40 %)"),
        ([0.4, 0.4, 0.4], "adam: all 3 combinations hit the same share of targets (40 %)"),
        ([0.0, 0.0, 0.0], "adam: no combination hits a target"),
        ([0.4, 0.1, 0.2], "adam: beta_2 = 0.9 hits the most targets (40 %)"),
    ],
)
def test_headings_of_ties(scores: list[float], heading: str) -> None:
    (sweep,) = swept(ONE, scores)
    assert sweep.heading == heading
    assert ("All scores are equal" in sweep.summary) == (len({*scores}) == 1)


def test_optimizers_without_a_place_are_missing_and_leave_the_effects_undefined() -> None:
    (sweep,) = swept(TWO, [0.2, 0.3, 0.4, 0.5, 0.6, 0.9], [True, True, False, True, True, True])
    assert effects(sweep) == {"beta_1": None, "beta_2": None}
    assert sweep.summary.startswith("Main effects: n/a (1 of 6 combinations missing).")
    assert [[cell is None for cell in cells] for cells in sweep.cells] == [[False] * 2, [False] * 2, [True, False]]


def test_other_settings_or_too_few_optimizers_make_no_sweep() -> None:
    assert swept(ONE[:2], [0.1, 0.2]) == []
    assert swept([*ONE[:2], {"beta_2": 0.999, "amsgrad": True}], [0.1, 0.2, 0.3]) == []
    assert swept(ONE, [0.1, 0.2, 0.3], [True, True, False]) == []
    both = [*ONE, *({**each, "amsgrad": True} for each in ONE)]
    found = [each.heading.partition(":")[0] for each in swept(both, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])]
    assert found == ["adam", "adam[amsgrad=true]"]


def test_values_that_are_almost_equal_have_different_texts() -> None:
    (sweep,) = swept([{"beta_2": b} for b in (0.9999999, 0.99999999, 0.9)], [0.1, 0.2, 0.3])
    assert [value.text for value in sweep.axes[0].values] == ["0.9", "0.9999999", "0.99999999"]


def test_the_lines_end_at_the_scores_and_the_best_tenth_stands_out() -> None:
    values = itertools.product((0.5, 0.9), (0.8, 0.9, 0.99, 0.999, 0.9999), (1e-7, 0.1))
    grid = [{"beta_1": a, "beta_2": b, "epsilon": c} for a, b, c in values]
    scores = [0.01 * place for place in range(20)]
    (sweep,) = swept(grid, scores)
    picture = sweep.lines
    assert picture is not None
    assert [axis.name for axis in picture.axes] == ["beta_1", "beta_2", "epsilon", "targets hit"]
    ends = [line.points[-1][1] for line in picture.lines]
    assert ends == sorted(ends, reverse=True)
    assert np.diff(ends) == pytest.approx(np.diff(ends)[0], abs=0.11)
    assert [line.best for line in picture.lines] == [False] * 18 + [True] * 2
    assert [text for _, _, text in picture.labels] == ["19 %: 0.9, 0.9999, 0.1", "18 %: 0.9, 0.9999, 10⁻⁷"]
    heights = [y for _, y, _ in picture.labels]
    assert heights[1] - heights[0] >= 13, "labels overlap"
    first = {line.points[0][1] for line in picture.lines}
    assert len(first) == 20, "lines hide each other"
    assert all(0 < y < picture.height for line in picture.lines for _, y in line.points)


def test_a_sweep_of_two_is_a_heat_map_with_the_scores_of_the_ranking(tmp_path: Path) -> None:
    made = results(TWO)
    index = page(Site(tmp_path).write(made))
    found = index.one("section", id="sweeps")
    (table,) = found.all("table", "heat")
    places = {each.one("a").text(): each for each in index.one("table", "ranking").one("tbody").all("tr")}
    ranking = {name: each.one("strong").text() for name, each in places.items()}
    cells = [cell for cells in table.rows() for cell in cells if cell.tag == "td"]
    order = [made.manifest.optimizer_labels[at] for at in (0, 3, 1, 4, 2, 5)]
    assert [cell.one("a").attributes["href"] for cell in cells] == [f"optimizers/{name}.html" for name in order]
    assert [cell.main.removesuffix("default").strip() for cell in cells] == [ranking[name] for name in order]
    leaders = {rank.optimizer for rank in ReportAnalysis(made).ranking if rank.place == 1}
    assert {name for name, cell in zip(order, cells, strict=True) if "best" in cell.attributes["class"]} == leaders
    assert [name for name, cell in zip(order, cells, strict=True) if cell.all("small")] == [order[4]]
    assert ranking[next(iter(leaders))] in found.one("h2").text()


def test_a_sweep_of_one_is_a_table_with_the_numbers_of_the_ranking(tmp_path: Path) -> None:
    made = results(ONE)
    index = page(Site(tmp_path).write(made))
    rows = index.one("section", id="sweeps").one("table").rows()
    ranking = {cells[1].one("a").text(): cells[3:5] for cells in index.one("table", "ranking").rows()}
    assert [cells[0].one("a").text() for cells in rows] == ["0.9", "0.99", "0.999"]
    expected = [[cell.text() for cell in ranking[name]] for name in made.manifest.optimizer_labels]
    assert [[cell.text() for cell in cells[1:]] for cells in rows] == expected
    assert " to " in expected[0][0], "no interval"
    assert ["default" in cells[0].text() for cells in rows] == [False, False, True]


def test_a_sweep_of_three_is_a_picture_and_a_table_of_means(tmp_path: Path) -> None:
    made = results(THREE[:6])
    found = section(tmp_path, made)
    assert len(found.one("svg", "parallel").all("polyline")) == 6
    assert "Main effects: n/a (2 of 8 combinations missing)." in found.text()
    scores = {rank.optimizer: rank.score for rank in ReportAnalysis(made).ranking}
    low = [scores[label] for label in made.manifest.optimizer_labels[:4]]
    (first, *_) = found.one("table").rows()
    assert [cell.text() for cell in first] == ["beta_1 = 0.5", "4", f"{100 * np.mean(low):.0f} %"]


def test_without_a_sweep_there_is_no_section(tmp_path: Path) -> None:
    index = page(Site(tmp_path).write(results(ONE[:2])))
    assert index.all("section", id="ranking")
    assert not index.all("section", id="sweeps")


@pytest.mark.slow
def test_pages_with_sweeps_are_valid_and_sound(tmp_path: Path, html_validate: Path, browser: Any, axe: str) -> None:
    several = [*ONE, *({**each, "amsgrad": True} for each in ONE)]
    kinds = {"one": ONE, "two": TWO, "missing": TWO[:5], "three": THREE[:6], "several": several}
    indexes = [Site(tmp_path / name).write(results(values)) for name, values in kinds.items()]
    command: list[str | Path] = [html_validate, "--config", CONFIG, "--formatter", "text", *tmp_path.glob("*/*.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert problems(indexes, View(360, "dark", True), browser, axe) == []


def test_a_picture_of_a_sweep_fits_on_paper(tmp_path: Path, browser: Any) -> None:
    index = Site(tmp_path).write(results(THREE[:6]))
    with closing(browser.new_context(viewport={"width": 704, "height": 1000})) as context:
        shown = context.new_page()
        shown.emulate_media(media="print")
        shown.goto(index.as_uri())
        box = shown.locator("svg.parallel").bounding_box()
    assert 600 < box["width"] <= 704 - box["x"]
