"""A build through its interface: files on disk, reuse, and the cost of a broken plug-in."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import Hang, KeptWorker

from reportgen import pipeline
from reportgen.cli import main
from reportgen.config import Config
from reportgen.execute.events import CompileStart, Event, PlanReady, ProgramEnd, RunStart
from reportgen.rate_grid import INITIAL_RATES
from reportgen.results.manifest import NotResultsError
from reportgen.results.result_tables import Results
from reportgen.results.schema import TRACES, runs_schema
from reportgen.results.store import Store

TABLES = ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet")


def config(folder: Path, **changes: Any) -> Config:
    """A matrix of 2 losses x 2 optimizers x 2 rates x 2 starts, run in a second."""
    settings: dict[str, Any] = {
        "losses": ["quartic", "beale"],
        "optimizers": ["gradient_descent", {"name": "adam", "beta_1": [0.9]}],
        "learning_rates": (0.01, 0.1),
        "starts": {"random": 1},
        "steps": 50,
        "output": folder / "output",
        "base": folder,
    }
    return Config.model_validate(settings | changes)


def hashes(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in TABLES}


def record(events: list[Event]) -> Callable[[Event], None]:
    return events.append


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> tuple[Path, list[Event]]:
    folder = tmp_path_factory.mktemp("ran")
    events: list[Event] = []
    with kept_worker():
        pipeline.run(config(folder), record(events))
    return folder, events


def test_every_cell_has_its_rows_in_the_documented_columns(ran: tuple[Path, list[Event]]) -> None:
    results = Results.load(ran[0] / "output" / "results")
    runs = results.runs
    assert list(runs.columns) == runs_schema((1e-1, 1e-3, 1e-5, 1e-7)).names
    assert list(results.traces.columns) == TRACES.names
    assert len(runs) == 16
    assert runs["run_id"].is_unique
    assert runs["cell_id"].nunique() == 8
    assert "quartic/adam/lr=0.01/start=0/seed=0" in set(runs["run_id"])
    first = runs.iloc[0]
    assert (first["loss"], first["optimizer"], first["start"]) == ("quartic", "gradient_descent", 0)
    assert list(first["x0"]) == [2.0]
    hyperparameters = json.loads(runs["hyperparameters"].iloc[-1])
    assert hyperparameters["beta_2"] == 0.999
    assert list(hyperparameters) == ["beta_1", "beta_2", "epsilon", "epsilon_corrected", "schedule"]
    assert (runs["gradient_evaluations"] == runs["steps"]).all()
    assert set(results.grids["loss"]) == {"quartic", "beale"}


@pytest.mark.slow
def test_a_worker_that_makes_way_for_another_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.execute.worker_pools.TASKS", 2)  # the first one starts the worker
    monkeypatch.setattr("reportgen.execute.program_run.LOOPS_PER_TASK", 1)
    outcome = pipeline.run(config(tmp_path), record([]))
    assert outcome.programs == 4
    assert outcome.failed_cells == 0


def test_gap_and_distance_are_those_of_the_final_position(ran: tuple[Path, list[Event]]) -> None:
    runs = Results.load(ran[0] / "output" / "results").runs
    quartic = runs[runs["loss"] == "quartic"]
    x = quartic["final_x"].str[0]
    expected = (2 * x**4 + 3 * x**3 + 2) - 1909 / 2048
    moderate = expected < 100  # float32 keeps 7 digits of what is subtracted
    pd.testing.assert_series_equal(quartic["gap"][moderate], expected[moderate], check_names=False, atol=1e-5)
    pd.testing.assert_series_equal(quartic["distance"], (x + 9 / 8).abs(), check_names=False)


def test_traces_run_from_the_start_to_the_end(ran: tuple[Path, list[Event]]) -> None:
    results = Results.load(ran[0] / "output" / "results")
    by_run = results.traces.groupby("run_id", observed=True)
    assert len(by_run) == len(results.runs) == 16
    assert (by_run["step"].min() == 0).all()
    for run in results.runs.itertuples():
        rows = results.traces[results.traces["run_id"] == run.run_id]
        assert rows["loss"].iloc[0] == run.initial_loss
        assert rows["loss"].iloc[-1] == run.final_loss
        assert (rows["step"].iloc[-1] == 50) == (run.outcome != "diverged")


@pytest.mark.usefixtures("one_worker")
def test_the_trace_of_a_diverged_run_ends_where_it_was_last_finite(tmp_path: Path) -> None:
    settings = config(tmp_path, losses=["rosenbrock"], optimizers=["momentum"], steps=500, trace_points=16)
    results = Results.load(pipeline.run(settings, record([])).results)
    diverged = results.runs[results.runs["outcome"] == "diverged"]
    ends = results.traces.groupby("run_id", observed=True).last().loc[diverged["run_id"]]
    assert len(ends) > 0
    assert ends["loss"].tolist() == diverged["final_loss"].tolist()
    assert (ends["step"].to_numpy() >= diverged["diverged_at"].to_numpy() - 2).all()
    steps = results.traces.groupby("run_id", observed=True)["step"]
    assert steps.apply(lambda s: s.is_monotonic_increasing and s.is_unique).all()


def test_the_manifest_has_the_config_and_how_it_was_run(ran: tuple[Path, list[Event]]) -> None:
    manifest = json.loads((ran[0] / "output" / "results" / "manifest.json").read_text())
    assert manifest["config"]["steps"] == 50
    assert str(ran[0]) not in json.dumps(manifest["config"])
    assert manifest["config"]["device"] == "auto"
    assert manifest["device"]["name"].startswith("/device:")
    assert [program["reason"] for program in manifest["programs"]] == [None] * 4
    assert all(program["seconds"]["compile"] > 0 for program in manifest["programs"])
    assert {name: entry["sha256"] for name, entry in manifest["files"].items()} == hashes(ran[0] / "output" / "results")


def test_events_name_what_is_compiled_and_run(ran: tuple[Path, list[Event]]) -> None:
    events = ran[1]
    assert events[0] == PlanReady(programs=4, reused=0, cells=8, runs=16, run_steps=800)
    programs = {"quartic/gradient_descent", "quartic/adam", "beale/gradient_descent", "beale/adam"}
    for kind in (CompileStart, RunStart, ProgramEnd):
        assert {event.program for event in events if isinstance(event, kind)} == programs


def test_the_same_matrix_gives_the_same_bytes(ran: tuple[Path, list[Event]], tmp_path: Path) -> None:
    # By another worker process.
    pipeline.run(config(tmp_path), record([]))
    assert hashes(tmp_path / "output" / "results") == hashes(ran[0] / "output" / "results")


@pytest.mark.usefixtures("one_worker")
def test_only_what_is_missing_is_run(tmp_path: Path) -> None:
    pipeline.run(config(tmp_path, optimizers=["adam"], losses=["quartic"]), record([]))
    before = Results.load(tmp_path / "output" / "results").runs
    events: list[Event] = []
    outcome = pipeline.run(config(tmp_path, optimizers=["adam", "momentum"], losses=["quartic"]), record(events))
    assert (outcome.programs, outcome.reused) == (2, 1)
    assert [e.program for e in events if isinstance(e, CompileStart)] == ["quartic/momentum"]
    after = Results.load(tmp_path / "output" / "results").runs
    kept = after[after["optimizer"] == "adam"].reset_index(drop=True)
    assert kept["final_loss"].tolist() == before["final_loss"].tolist()
    again = pipeline.run(config(tmp_path, optimizers=["adam", "momentum"], losses=["quartic"]), record(events))
    assert again.up_to_date


@pytest.mark.usefixtures("one_worker")
def test_narrowing_a_matrix_and_widening_it_again_runs_nothing(tmp_path: Path) -> None:
    wide = config(tmp_path)
    results = pipeline.run(wide, record([])).results
    before = hashes(results)
    events: list[Event] = []
    for narrow in ({"losses": ["quartic"]}, {"losses": ["beale"], "optimizers": ["gradient_descent"]}):
        outcome = pipeline.run(config(tmp_path, **narrow), record(events))
        assert outcome.reused == outcome.programs
    assert Results.load(results).runs["cell_id"].nunique() == 2
    assert pipeline.run(wide, record(events)).reused == 4
    assert not [event for event in events if isinstance(event, CompileStart)]
    assert hashes(results) == before
    assert not (results / "parts").exists()


@pytest.mark.usefixtures("one_worker")
def test_programs_of_other_matrices_are_removed_by_clean_or_beyond_a_size(tmp_path: Path) -> None:
    for settings in ({"steps": 40}, {"steps": 50}, {"steps": 60, "targets": [0.5]}):
        results = pipeline.run(config(tmp_path, losses=["quartic"], **settings), record([])).results
    parts = sorted((results / "parts").iterdir(), key=lambda part: part.stat().st_mtime_ns)
    assert len(parts) == 4  # two programs each of the first two matrices
    size = sum(file.stat().st_size for part in parts[1:] for file in part.iterdir())
    assert Store(results).remove_others(size) > 0
    assert sorted((results / "parts").iterdir()) == sorted(parts[1:])
    done = CliRunner().invoke(main, ["clean", str(tmp_path / "output")])
    assert done.exit_code == 0
    assert done.output == f"Removed {size / 1e6:.1f} MB: results of programs that are not in the matrix.\n"
    assert not (results / "parts").exists()
    assert len(Results.load(results).runs) == 8
    assert CliRunner().invoke(main, ["clean", str(tmp_path / "output")]).output == "Nothing to remove.\n"
    done = CliRunner().invoke(main, ["clean", str(tmp_path / "nothing")])
    assert done.exit_code == 2
    assert "expected the output folder of a build" in done.output


@pytest.mark.usefixtures("one_worker")
def test_the_automatic_grid_grows_by_a_decade_while_the_best_rate_is_at_its_edge(tmp_path: Path) -> None:
    # From 2, a step of gradient / 2000 is far too small for x ** 2 / 200, and a learning rate above 200 diverges.
    (tmp_path / "flat.py").write_text(FLAT)
    asked: dict[str, Any] = {"losses": ["flat.py:flat"], "learning_rates": "auto", "steps": 20}
    both = config(tmp_path, optimizers=["gradient_descent", "flat.py:Still"], **asked)
    events: list[Event] = []
    outcome = pipeline.run(both, record(events))
    runs = Results.load(outcome.results).runs
    rates = {name: sorted(each["learning_rate"].unique()) for name, each in runs.groupby("optimizer", observed=True)}
    assert rates["gradient_descent"] == [*INITIAL_RATES, 3.162, 10, 31.62, 100, 316.2, 1000]
    assert rates["flat.py:Still"] == list(INITIAL_RATES)  # it ignores the learning rate
    assert [event.programs for event in events if isinstance(event, PlanReady)] == [2, 3, 4, 5]
    assert (outcome.programs, outcome.reused) == (5, 0)
    assert pipeline.run(both, record(events)).up_to_date
    alone = config(tmp_path, optimizers=["gradient_descent"], **asked)
    assert pipeline.run(alone, record(events)).reused == 4


FLAT = """
from dataclasses import dataclass
from reportgen.loss import loss
from reportgen.optimizer import Optimizer

@loss(minima=[(0.0,)], minimum=0.0, start=(2.0,), domain=[(1.0, 3.0)], formula="", source="")
def flat(x):
    return x * x / 200

@dataclass(frozen=True)
class Still(Optimizer):
    def step(self, x, state, problem):
        return 0.9 * x, state
"""


MINE = """
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class Mine(Optimizer):
    scale: float = hyperparameter(1.0)

    def step(self, x, state, problem):
        {body}
        _, gradient = problem.value_and_gradient(x)
        return x - {factor} * problem.learning_rate * gradient, state
"""


def mine(folder: Path, body: str = "pass", factor: float = 1.0) -> list[str]:
    (folder / "mine.py").write_text(MINE.format(body=body, factor=factor))
    return ["mine.py:Mine", "adam"]


@pytest.mark.usefixtures("one_worker")
def test_a_changed_rule_is_run_again(tmp_path: Path) -> None:
    def final() -> float:
        settings = config(tmp_path, optimizers=["mine.py:Mine"], losses=["quartic"], learning_rates=(0.001,))
        pipeline.run(settings, record([]))
        return float(Results.load(tmp_path / "output" / "results").runs["final_loss"].iloc[0])

    mine(tmp_path, factor=1.0)
    first = final()
    mine(tmp_path, factor=2.0)
    assert final() < first


def assert_it_costs_only_its_own_cells(settings: Config, reason: str) -> None:
    outcome = pipeline.run(settings, record([]))
    runs = Results.load(outcome.results).runs
    assert outcome.failed_cells == 2
    broken, others = runs[runs["optimizer"] == "mine.py:Mine"], runs[runs["optimizer"] == "adam"]
    assert set(broken["outcome"]) == {"failed"}
    assert broken["reason"].str.contains(reason, regex=False).all()
    assert broken["final_loss"].isna().all()
    assert broken["x0"].notna().all()
    assert len(others) == 4
    assert not (others["outcome"] == "failed").any()


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('no such luck')", "RuntimeError: no such luck (mine.py:11)"),
        ("syntax error here", "SyntaxError"),
        ("import os; os._exit(0)", "SystemExit: os._exit(0) was called (mine.py:11)"),
        ("raise GeneratorExit", "GeneratorExit"),
    ],
    ids=["raises", "does not load", "exits", "stops a generator"],
)
def test_a_broken_optimizer_costs_its_own_cells_and_no_others(body: str, reason: str, tmp_path: Path) -> None:
    settings = config(tmp_path, optimizers=mine(tmp_path, body), losses=["quartic"])
    assert_it_costs_only_its_own_cells(settings, reason)
    mine(tmp_path)
    assert pipeline.run(settings, record([])).failed_cells == 0


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("dies", "its process died (exit code 7)"),
        ("hangs", "exceeded the deadline of 600 s"),
    ],
)
def test_one_that_ends_its_worker_costs_its_own_cells_and_no_others(
    ending: str, reason: str, tmp_path: Path, overdue_hang: Hang
) -> None:
    # Adam runs at the same time, and its deadline would be exceeded as well.
    adam = str(tmp_path / "output" / "results" / "parts" / "[0-9a-f]*" / "program.json")
    body = replace(overdue_hang, after=adam).code if ending == "hangs" else "import os; os._exit(7)"
    settings = config(tmp_path, optimizers=mine(tmp_path, body), losses=["quartic"], deadline=600)
    assert_it_costs_only_its_own_cells(settings, reason)
    assert overdue_hang.count() == (1 if ending == "hangs" else 0)
    mine(tmp_path)
    assert pipeline.run(settings, record([])).failed_cells == 0


def test_an_interrupted_run_is_resumed(
    tmp_path: Path, kept_worker: KeptWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.execute.program_run.LOOPS_PER_TASK", 1)

    def interrupt(event: Event) -> None:
        if isinstance(event, ProgramEnd):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(config(tmp_path), interrupt)
    with kept_worker():
        outcome = pipeline.run(config(tmp_path), record([]))
    # The worker stores what it has finished, even if it had not reported it yet.
    assert outcome.reused >= 1
    assert outcome.programs == 4


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("name", TABLES)
def test_damaged_results_are_run_again(name: str, tmp_path: Path) -> None:
    settings = config(tmp_path, optimizers=["adam"], losses=["quartic"])
    pipeline.run(settings, record([]))
    folder = tmp_path / "output" / "results"
    before = hashes(folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(NotResultsError, match=name):
        Results.load(folder)
    assert pipeline.run(settings, record([])).reused == 0
    assert hashes(folder) == before


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("moves", range(7))
def test_nothing_is_lost_if_it_is_killed_while_it_replaces_the_tables(
    moves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is written, the new files are declared complete, then four tables and the manifest are moved."""
    pipeline.run(config(tmp_path, losses=["quartic"]), record([]))
    folder = tmp_path / "output" / "results"
    before = hashes(folder)
    done: list[Path] = []

    def killed(self: Path, target: Path) -> Path:
        if folder in (self.parent, self.parent.parent) and self.parent.name != "parts":
            if len(done) == moves:
                raise KeyboardInterrupt
            done.append(self)
        os.rename(self, target)  # noqa: PTH104 - this is what Path.rename does
        return target

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(config(tmp_path), record([]))
    assert len(done) == moves
    if moves <= 2:
        assert hashes(folder) == before
        assert len(Results.load(folder).runs) == 8
    else:
        with pytest.raises(NotResultsError, match="missing, damaged or from another build; run reportgen build again"):
            Results.load(folder)
    outcome = pipeline.run(config(tmp_path), record([]))
    assert (outcome.programs, outcome.reused) == (4, 4)
    assert not [
        path.name for path in folder.iterdir() if path.name in (".reportgen-unfinished", ".reportgen-complete", "parts")
    ]
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert hashes(pipeline.run(config(fresh), record([])).results) == hashes(folder)


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotResultsError, match=r"holds no results; expected a readable manifest\.json in it"):
        Results.load(tmp_path)
