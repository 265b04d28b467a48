"""Each figure is drawn once, by any process, and again only if its data or its code has changed."""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import synthetic

from reportgen.report import render, site_record
from reportgen.report.figure_workers import FigureWorkers
from reportgen.report.render_options import RenderOptions
from reportgen.report.site import Site
from reportgen.results.result_tables import Results

pytestmark = pytest.mark.slow

OPTIMIZERS = ("gradient_descent", "momentum", "adam")


@pytest.fixture(scope="module")
def results() -> Results:
    return synthetic.results(optimizers=OPTIMIZERS, rates=(1e-3, 1e-2, 1e-1), starts=3, steps=60)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def drawn(results: Results, output: Path) -> set[str]:
    """The figures that a render into ``output`` draws."""
    names: list[str] = []
    Site(output, names.append).write(results)
    assert len(names) == len(set(names))
    return set(names)


@dataclass(frozen=True)
class Rendered:
    """A folder with a site of the results, and the names of its figures."""

    folder: Path
    figures: set[str]


@pytest.fixture(scope="module")
def rendered(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    folder = tmp_path_factory.mktemp("rendered")
    return Rendered(folder, drawn(results, folder))


@pytest.fixture
def site(rendered: Rendered, tmp_path: Path) -> Path:
    """A copy of the site that a test may change."""
    return Path(shutil.copytree(rendered.folder, tmp_path / "site"))


def test_an_unchanged_figure_is_not_drawn_again(results: Results, rendered: Rendered, site: Path) -> None:
    assert len(rendered.figures) == 3 * (3 + 2 * 3) + 2 + 3
    assert drawn(results, site) == set()
    assert files(site) == files(rendered.folder)


def test_a_changed_optimizer_and_its_comparisons_are_drawn_again(results: Results, site: Path) -> None:
    runs, traces = results.runs, results.traces
    mine = runs["cell_id"].isin(runs.loc[(runs["optimizer"] == "adam") & (runs["loss"] == "beale"), "cell_id"])
    rows = traces["run_id"].isin(runs.loc[mine, "run_id"]) & (traces["step"] > 20)
    changed = replace(results, traces=traces.assign(loss=traces["loss"].where(~rows, traces["loss"] * 1.5)))
    again = drawn(changed, site)
    assert {"paths.beale.adam", "convergence.beale"} <= again
    assert not any("rosenbrock" in name or "quartic" in name for name in again)
    assert not {"paths.beale.momentum", "paths.beale.gradient_descent"} & again


def test_a_missing_figure_and_changed_code_are_drawn_again(
    results: Results, rendered: Rendered, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "assets" / "rates.beale.adam.svg").unlink()
    assert drawn(results, site) == {"rates.beale.adam"}
    monkeypatch.setattr("reportgen.report.site.renderer_digest", lambda: "another")
    assert drawn(results, site) == rendered.figures


def test_an_interrupted_render_changes_nothing(
    results: Results, rendered: Rendered, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(site)
    other = replace(results, traces=results.traces.assign(loss=results.traces["loss"] * 1.5))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reportgen.report.site.PageContexts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Site(site).write(other)
    assert files(site) == before
    assert drawn(results, site) == set()
    assert files(site) == before


DAMAGED = ["{", "[]", '{"files": {}, "figures": [1]}', '{"files": ["index.html"], "renderer": null}']
WRONG = '{"files": {}, "renderer": null, "figures": {"convergence.beale.svg": 1}}'


def test_with_a_wrong_record_all_figures_are_drawn_again(results: Results, rendered: Rendered, site: Path) -> None:
    (site / site_record.RECORD).write_text(WRONG)
    assert drawn(results, site) == rendered.figures
    assert files(site) == files(rendered.folder)


@pytest.mark.parametrize("record", DAMAGED)
def test_a_damaged_record_is_read_as_an_empty_one(record: str, tmp_path: Path) -> None:
    none = site_record.read_record(tmp_path)
    (tmp_path / site_record.RECORD).write_text(record)
    found = site_record.read_record(tmp_path)
    assert found == none
    assert not found.files


def test_other_processes_draw_the_same_files(results: Results, tmp_path: Path) -> None:
    folder = synthetic.write(results, tmp_path / "results")
    render(folder, tmp_path / "alone")
    before = set(multiprocessing.active_children())
    render(folder, tmp_path / "helped", workers=2)
    assert files(tmp_path / "helped") == files(tmp_path / "alone")
    assert set(multiprocessing.active_children()) == before


def test_figures_of_a_lost_process_are_drawn_here(results: Results, rendered: Rendered, tmp_path: Path) -> None:
    folder = synthetic.write(results, tmp_path / "results")
    names: list[str] = []
    with FigureWorkers(folder, 1) as lost:
        (folder / "runs.parquet").write_bytes(b"")  # the process cannot read it, and ends
        Site(tmp_path / "helped", names.append).write(results, lost)
    assert files(tmp_path / "helped") == files(rendered.folder)
    assert set(names) == rendered.figures
    assert len(names) == len(rendered.figures)


def test_all_figures_are_drawn_if_no_process_can_be_started(
    results: Results, rendered: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_process: object) -> None:
        raise OSError("too many processes")

    folder = synthetic.write(results, tmp_path / "results")
    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", start)
    render(folder, tmp_path / "alone", workers=2)
    assert files(tmp_path / "alone" / "assets") == files(rendered.folder / "assets")


@pytest.mark.parametrize("column", ["gradient_evaluations", "initial_loss"])
def test_a_change_in_any_input_of_a_figure_draws_it_again(
    column: str, results: Results, site: Path, tmp_path: Path
) -> None:
    changed = replace(results, runs=results.runs.assign(**{column: results.runs[column] * 2}))
    again = drawn(changed, site)
    assert {"runtimes.beale", "rates.beale.adam", "convergence.beale"} <= again
    drawn(changed, tmp_path / "new")
    assert files(tmp_path / "new" / "assets") == files(site / "assets")


def test_a_figure_that_somebody_changed_is_drawn_again(results: Results, rendered: Rendered, site: Path) -> None:
    (site / "assets" / "rates.beale.adam.svg").write_text("<svg/>", encoding="utf-8")
    assert drawn(results, site) == {"rates.beale.adam"}
    assert files(site) == files(rendered.folder)


def test_a_figure_that_a_users_file_replaced_comes_back(results: Results, site: Path, tmp_path: Path) -> None:
    before = (site / "assets" / "convergence.beale.svg").read_bytes()
    own = tmp_path / "mine" / "assets" / "convergence.beale.svg"
    own.parent.mkdir(parents=True)
    own.write_text("<svg/>")
    Site(site, options=RenderOptions(tmp_path / "mine")).write(results)
    assert (site / "assets" / "convergence.beale.svg").read_text() == "<svg/>"
    drawn(results, site)
    assert (site / "assets" / "convergence.beale.svg").read_bytes() == before
