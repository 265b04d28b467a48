"""Figures are drawn once: by whatever process takes them, and again only where what they show has changed."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic

from reportgen.report import render, site_record
from reportgen.report.figure_workers import FigureWorkers
from reportgen.report.render_options import RenderOptions
from reportgen.report.site import Site
from reportgen.results.result_tables import Results

OPTIMIZERS = ("gradient_descent", "momentum", "adam")


@pytest.fixture
def results() -> Results:
    return synthetic.results(optimizers=OPTIMIZERS, rates=(1e-3, 1e-2, 1e-1), starts=3, steps=60)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def drawn(results: Results, output: Path) -> set[str]:
    """The figures that a render into ``output`` draws."""
    told: list[str] = []
    Site(output, told.append).write(results)
    assert len(told) == len(set(told))
    return set(told)


def test_nothing_is_drawn_again(results: Results, tmp_path: Path) -> None:
    first = drawn(results, tmp_path)
    before = files(tmp_path)
    assert len(first) == 3 * (3 + 2 * 3) + 2 + 3
    assert drawn(results, tmp_path) == set()
    assert files(tmp_path) == before


def test_one_changed_optimizer_is_drawn_and_what_compares_it(results: Results, tmp_path: Path) -> None:
    drawn(results, tmp_path)
    runs, traces = results.runs, results.traces
    mine = runs["cell_id"].isin(runs.loc[(runs["optimizer"] == "adam") & (runs["loss"] == "beale"), "cell_id"])
    rows = traces["run_id"].isin(runs.loc[mine, "run_id"]) & (traces["step"] > 20)
    changed = replace(results, traces=traces.assign(loss=traces["loss"].where(~rows, traces["loss"] * 1.5)))
    again = drawn(changed, tmp_path)
    assert {"paths.beale.adam", "convergence.beale"} <= again
    assert not any("rosenbrock" in name or "quartic" in name for name in again)
    assert not {"paths.beale.momentum", "paths.beale.gradient_descent"} & again


def test_a_missing_figure_and_another_version_of_the_code_draw_again(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drawn(results, tmp_path)
    (tmp_path / "assets" / "rates.beale.adam.svg").unlink()
    assert drawn(results, tmp_path) == {"rates.beale.adam"}
    monkeypatch.setattr("reportgen.report.site.renderer_digest", lambda: "another")
    assert drawn(results, tmp_path) == first


def test_an_interrupted_render_leaves_no_figure_that_is_taken_for_another(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drawn(results, tmp_path)
    before = files(tmp_path)
    other = replace(results, traces=results.traces.assign(loss=results.traces["loss"] * 1.5))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reportgen.report.site.PageContexts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Site(tmp_path).write(other)
    assert files(tmp_path) != before
    assert drawn(results, tmp_path) == first
    assert files(tmp_path) == before


@pytest.mark.parametrize("record", ["{", "[]", '{"files": [], "figures": [1]}', '{"files": 3, "makers": null}'])
def test_a_damaged_record_costs_a_drawing(record: str, results: Results, tmp_path: Path) -> None:
    first = drawn(results, tmp_path)
    (tmp_path / site_record.RECORD).write_text(record)
    assert drawn(results, tmp_path) == first


def test_assistants_change_nothing(results: Results, tmp_path: Path) -> None:
    folder = synthetic.write(results, tmp_path / "results")
    render(folder, tmp_path / "alone")
    before = set(multiprocessing.active_children())
    render(folder, tmp_path / "helped", assistants=2)
    assert files(tmp_path / "helped") == files(tmp_path / "alone")
    assert set(multiprocessing.active_children()) == before


def test_what_an_assistant_does_not_finish_is_drawn_here(results: Results, tmp_path: Path) -> None:
    folder = synthetic.write(results, tmp_path / "results")
    Site(tmp_path / "alone").write(results)
    told: list[str] = []
    with FigureWorkers(folder, 1) as lost:
        (folder / "runs.parquet").write_bytes(b"")  # it cannot read it, and ends
        Site(tmp_path / "helped", told.append).write(results, lost)
    assert files(tmp_path / "helped") == files(tmp_path / "alone")
    assert len(told) == 3 * 9 + 2 + 3


@pytest.mark.parametrize("column", ["gradient_evaluations", "initial_loss"])
def test_whatever_a_figure_is_drawn_from_draws_it_again(column: str, results: Results, tmp_path: Path) -> None:
    drawn(results, tmp_path)
    changed = replace(results, runs=results.runs.assign(**{column: results.runs[column] * 2}))
    again = drawn(changed, tmp_path)
    assert {"runtimes.beale", "rates.beale.adam", "convergence.beale"} <= again
    drawn(changed, tmp_path / "anew")
    assert files(tmp_path / "anew" / "assets") == files(tmp_path / "assets")


def test_a_render_interrupted_between_pages_is_not_taken_for_a_whole_one(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(results, tmp_path / "results")
    render(tmp_path / "results", tmp_path)
    assert site_record.is_current(tmp_path)
    titled = replace(results, manifest=results.manifest | {"title": "Another"})
    with monkeypatch.context() as patch:
        patch.setattr("reportgen.report.site.Site._remove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            Site(tmp_path).write(titled)
    assert not site_record.is_current(tmp_path)


def test_a_figure_that_a_users_file_stood_for_comes_back(results: Results, tmp_path: Path) -> None:
    drawn(results, tmp_path / "site")
    before = (tmp_path / "site" / "assets" / "convergence.beale.svg").read_bytes()
    own = tmp_path / "mine" / "assets" / "convergence.beale.svg"
    own.parent.mkdir(parents=True)
    own.write_text("<svg/>")
    Site(tmp_path / "site", edition=RenderOptions(tmp_path / "mine")).write(results)
    assert (tmp_path / "site" / "assets" / "convergence.beale.svg").read_text() == "<svg/>"
    drawn(results, tmp_path / "site")
    assert (tmp_path / "site" / "assets" / "convergence.beale.svg").read_bytes() == before
