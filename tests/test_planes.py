"""Losses of more than two dimensions: full paths are stored, and drawn on the plane that shows most of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import programs
import pytest
from conftest import KeptWorker

from reportgen import pipeline
from reportgen.analysis import principal_plane as planes
from reportgen.analysis.loss_view import loss_view, positions
from reportgen.config import Config
from reportgen.execute.events import BackgroundFailure
from reportgen.figures.registry import loss_figures
from reportgen.results.manifest import LossInfo, Manifest, OptimizerInfo
from reportgen.results.result_tables import Results

ASKED: dict[str, Any] = {
    "losses": [
        {"name": "rosenbrock", "dim": 5},
        {"name": "two_spirals", "noise": {"batch_size": 20}},
        "quartic",
        {"name": "sphere", "dim": 3},
    ],
    "optimizers": ["gradient_descent", "adam"],
    "learning_rates": (1e-3, 2.5),
    "starts": {"random": 1},
    "seeds": 2,
    "steps": 60,
    "trace_points": 16,
}

ALONE = '''
import tensorflow as tf

class Sorted(tf.Module):
    """Its learning rate must be a Python number, which a batch of runs does not have."""

    def __init__(self, learning_rate=0.1):
        self.learning_rate = float(learning_rate)

    def apply_gradients(self, gradients, variables):
        for gradient, variable in zip(gradients, variables):
            order = tf.argsort(tf.argsort(gradient))
            variable.assign_sub(self.learning_rate * gradient * tf.cast(order, gradient.dtype))
'''

FAR = """
from reportgen.loss import loss

@loss(minima=[(0, 0, 0)], minimum=0.0, start=(5, 4, 3), domain=[(-0.5, 0.5)] * 3, formula="x", source="ours")
def steep(x, y, z):
    return x**4 + y**4 + z**4
"""
DEADLY = """
import os
from reportgen.loss import loss

ZERO = {"minima": [(0, 0, 0)], "minimum": 0.0, "start": (5, 4, 3), "domain": [(-9, 9)] * 3}

@loss(dim=3, formula="x", source="ours", **ZERO)
def deadly(x):
    if x.dtype == "float64":  # as only pictures are
        os._exit(3)
    return x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """A report with losses of one, three, five and 65 dimensions."""
    folder = tmp_path_factory.mktemp("planes")
    with kept_worker():
        pipeline.build(Config.model_validate(ASKED | {"output": folder}), on_event=lambda _: None)
    return folder


@pytest.fixture(scope="module")
def results(output: Path) -> Results:
    return Results.load(output / "results")


def test_all_coordinates_are_stored_for_the_runs_from_the_standard_start(results: Results) -> None:
    runs = results.runs.set_index("run_id")
    kept = runs.loc[sorted(positions(results.paths))]
    assert set(kept["loss"]) == {"rosenbrock[dim=5]", "two_spirals[noise.batch_size=20]", "sphere[dim=3]"}
    assert set(kept["start"]) == set(kept["seed"]) == {0}
    assert len(kept) == 3 * 4


def test_a_path_goes_from_the_start_over_the_samples_of_the_trace_to_the_end(results: Results) -> None:
    runs, traces = results.runs.set_index("run_id"), results.traces
    paths = positions(results.paths)
    assert len(paths) == 3 * 4
    for run, (step, x) in paths.items():
        trace = traces[traces["run_id"] == run].sort_values("step")
        assert step.tolist() == trace["step"].tolist()
        np.testing.assert_array_equal(x[:, :2], np.stack(trace["x"].to_list()))
        np.testing.assert_array_equal(x[0], np.float32(runs.loc[run, "x0"]))
        np.testing.assert_array_equal(x[-1], np.float32(runs.loc[run, "final_x"]))


@pytest.mark.slow
def test_paths_are_the_same_in_chunks_and_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"losses": [{"name": "rosenbrock", "dim": 9}], "starts": {"random": 2}, "steps": 20}
    rates = tuple(np.geomspace(1e-4, 1e-2, 17).tolist())
    at_once = programs.run("", "adam", rates, **asked)
    monkeypatch.setattr("reportgen.engine.compiled.CHUNK", 16)
    tiled = programs.run("", "adam", rates, **asked)
    assert at_once.shown.tolist() == tiled.shown.tolist() == list(range(0, 51, 3))
    np.testing.assert_array_equal(tiled.paths, at_once.paths)
    np.testing.assert_array_equal(at_once.paths[-1].T, at_once.final_x[at_once.shown])


@pytest.mark.slow
def test_runs_that_are_made_one_by_one_have_paths_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ALONE)
    asked: dict[str, Any] = {"losses": ["wood"], "starts": {"random": 1}, "steps": 5, "base": tmp_path}
    result = programs.run("", "mine.py:Sorted", (1e-5, 1e-4), **asked)
    assert "one run at a time" in result.note
    assert result.shown.tolist() == [0, 2]
    np.testing.assert_array_equal(result.paths[-1].T, result.final_x[[0, 2]])


def test_the_background_is_the_loss_on_the_plane(results: Results) -> None:
    view = loss_view(results, "rosenbrock[dim=5]")
    assert view.plane is not None
    assert view.grid is not None
    x, y, gap = view.grid
    np.testing.assert_allclose(view.plane.directions @ view.plane.directions.T, np.eye(2), atol=1e-12)
    for row, column in ((0, 0), (17, 90), (128, 64)):
        at = view.plane.origin + np.array([x[column], y[row]]) @ view.plane.directions
        expected = np.sum(100 * (at[1:] - at[:-1] ** 2) ** 2 + (1 - at[:-1]) ** 2)
        assert gap[row, column] == pytest.approx(expected, rel=1e-9)


def test_the_plane_goes_through_the_best_end_and_what_is_drawn_is_on_it(results: Results) -> None:
    view = loss_view(results, "rosenbrock[dim=5]")
    assert view.plane is not None
    best = view.results.runs.dropna(subset="final_loss")
    best = best[(best["start"] == 0) & (best["outcome"] != "diverged")].sort_values("final_loss").iloc[0]
    np.testing.assert_allclose(view.plane.origin, np.float32(best["final_x"]), rtol=1e-6)
    (run,) = view.drawn_runs(best["optimizer"])
    assert run.x is not None
    np.testing.assert_allclose(run.x[-1], 0, atol=1e-6)
    low, high = np.array(view.box).T
    assert ((run.x[[0, -1]] > low) & (run.x[[0, -1]] < high)).all()
    np.testing.assert_allclose(view.minima, view.plane.on(np.ones((1, 5))))


def test_each_optimizer_has_a_picture_and_the_page_says_what_it_shows(output: Path, results: Results) -> None:
    drawn = {(each.kind, each.optimizer) for each in loss_figures(loss_view(results, "rosenbrock[dim=5]"))}
    assert {("paths", "adam"), ("paths", "gradient_descent"), ("thumbnail", None)} <= drawn
    (page,) = (output / "losses").glob("rosenbrock*.html")
    text = page.read_text(encoding="utf-8")
    assert "principal directions" in text
    assert "Paths at the best learning rates, on a plane that shows " in text
    assert "Paths of adam on rosenbrock[dim=5] at learning rate" in text
    assert "Player of paths on rosenbrock[dim=5]" in text


@pytest.mark.usefixtures("one_worker")
def test_a_second_build_with_another_optimizer_runs_only_that_and_draws_again(output: Path, tmp_path: Path) -> None:
    more = ASKED | {"optimizers": ["gradient_descent", "adam", "momentum"], "output": output}
    outcome = pipeline.build(Config.model_validate(more), on_event=lambda _: None)
    assert (outcome.programs, outcome.reused) == (12, 8)
    view = loss_view(Results.load(output / "results"), "rosenbrock[dim=5]")
    assert all(view.drawn_runs(name) for name in ("gradient_descent", "adam", "momentum"))


def plane_view(paths: dict[str, Any], losses: dict[str, float], outcome: str = "exhausted") -> planes.PlaneView | None:
    """The plane of runs at a single rate, each of its own optimizer, by the positions and final loss of each."""
    names = list(paths)
    runs = pd.DataFrame(
        {
            "run_id": names,
            "cell_id": names,
            "loss": "bowl",
            "optimizer": names,
            "learning_rate": 0.1,
            "start": 0,
            "seed": 0,
            "outcome": outcome,
            "steps": 3,
            "gradient_evaluations": 3,
            "initial_loss": 100.0,
            "final_loss": [losses[name] for name in names],
            "gap": [losses[name] for name in names],
            "diverged_at": pd.array([None] * len(names), dtype="Int32"),
            "left_target": False,
            "hit_1e-01": pd.array([None] * len(names), dtype="Int32"),
        }
    )
    rows = [(name, step, np.asarray(x).astype(np.float32)) for name in names for step, x in enumerate(paths[name])]
    kept = pd.DataFrame(rows, columns=["run_id", "step", "x"])
    manifest = Manifest(
        reportgen="0.2.0",
        config=Config.model_validate({"targets": [0.1], "steps": 3, "learning_rates": [0.1]}),
        losses=(LossInfo("bowl", "bowl", "Bowl", dim=4, minimum=0.0),),
        optimizers=tuple(OptimizerInfo(name, name, name, learning_rates=(0.1,)) for name in names),
        versions={},
    )
    empty = pd.DataFrame({"loss": [], "run_id": []})
    return planes.principal_plane(Results(runs, empty, empty, kept, manifest), "bowl")


def test_paths_in_a_plane_are_shown_exactly() -> None:
    first, second = np.array([3.0, 0, 4, 0]) / 5, np.array([0.0, 1, 0, 0])
    start = 10 * first + 2 * second + np.array([0, 0, 0, 7.0])
    a = np.array([start, start - 4 * first, start - 9 * first])
    b = np.array([start, start - 2 * second, start - 5 * first - 3 * second])
    found = plane_view({"a": a, "b": b}, {"a": 1.0, "b": 50.0})
    assert found is not None
    assert found.plane.share == pytest.approx(1.0)
    for path in (a, b):
        shown = found.plane.origin + found.plane.on(path) @ found.plane.directions
        np.testing.assert_allclose(shown, path, atol=1e-5)
    np.testing.assert_allclose(found.plane.origin, a[-1], rtol=1e-6)


def test_a_path_that_goes_far_counts_as_much_as_one_that_does_not() -> None:
    axes = np.eye(4)
    far, near = np.outer([0, 1, 2], 1000 * axes[0]), np.outer([0, 1, 2], 0.001 * axes[1])
    also = near + np.outer([0, 1, 2], 0.0001 * axes[2])
    found = plane_view({"far": far, "near": near, "also": also}, {"far": 1.0, "near": 9.0, "also": 9.0})
    assert found is not None
    inside = np.linalg.norm(found.plane.directions, axis=0)
    assert inside[0] > 0.999
    assert inside[1] > 0.99


def test_of_equally_good_ends_the_one_nearest_to_the_others_is_chosen() -> None:
    ends = {"a": [1.0, 0, 0, 0], "b": [1.1, 0, 0, 0], "c": [-9.0, 5, 0, 0]}
    paths = {name: np.array([[0.0, 0, 0, 1], end]) for name, end in ends.items()}
    found = plane_view(paths, {"a": 2e-9, "b": 3e-9, "c": 1e-9})
    assert found is not None
    np.testing.assert_allclose(found.plane.origin, ends["a"], rtol=1e-6)


def test_there_is_a_plane_even_if_every_path_ends_higher_than_it_began() -> None:
    found = plane_view({"a": np.outer([1, 2], np.ones(4)), "b": np.outer([1, 3], np.ones(4))}, {"a": 200.0, "b": 300.0})
    assert found is not None
    np.testing.assert_allclose(found.plane.origin, 2 * np.ones(4))


def test_a_path_that_float32_cannot_hold_is_left_out() -> None:
    huge = np.array([np.ones(4), np.full(4, np.inf)])
    assert plane_view({"a": huge}, {"a": -1e78}) is None
    assert plane_view({"a": huge, "b": np.outer([1, 2], np.ones(4))}, {"a": -1e78, "b": 1.0}) is not None


@pytest.mark.usefixtures("one_worker")
def test_a_plane_that_is_no_longer_there_is_not_drawn(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FAR)
    asked: dict[str, Any] = {
        "losses": ["mine.py:steep"],
        "learning_rates": (1.0,),
        "starts": {"random": 0},
        "steps": 20,
    }
    asked |= {"base": tmp_path, "output": tmp_path / "out"}
    for optimizers, rows in ((["gradient_descent", "adam"], 1), (["gradient_descent"], 0)):
        pipeline.run(Config.model_validate(asked | {"optimizers": optimizers}), on_event=lambda _: None)
        assert len(Results.load(tmp_path / "out" / "results").grids) == rows


@pytest.mark.usefixtures("one_worker")
def test_a_loss_that_ends_its_process_on_the_plane_costs_its_picture_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(DEADLY)
    asked: dict[str, Any] = {"losses": ["mine.py:deadly", "wood"], "optimizers": ["adam"], "learning_rates": (0.1,)}
    asked |= {"starts": {"random": 0}, "steps": 20, "base": tmp_path, "output": tmp_path / "out"}
    events: list[Any] = []
    page = pipeline.build(Config.model_validate(asked), on_event=events.append).site
    failures = [event for event in events if isinstance(event, BackgroundFailure)]
    assert [(event.loss, event.reason) for event in failures] == [("mine.py:deadly", "its process died (exit code 3)")]
    assert page is not None
    assert Results.load(tmp_path / "out" / "results").grids["loss"].tolist() == ["wood"]


def test_if_nothing_moved_or_all_diverged_there_is_no_plane() -> None:
    assert plane_view({"a": np.ones((2, 4))}, {"a": 1.0}) is None
    assert plane_view({"a": np.outer([1, 2], np.ones(4))}, {"a": 1.0}, outcome="diverged") is None
