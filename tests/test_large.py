"""Large results: which traces are stored, row groups, and what a report reads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import KeptWorker

from reportgen import pipeline
from reportgen.analysis.loss_view import loss_view
from reportgen.analysis.run_table import run_table
from reportgen.config import Config
from reportgen.execute.events import Event
from reportgen.report import render
from reportgen.results.program_store import ROW_GROUP_SIZE
from reportgen.results.result_tables import Results, lists_to_array

STARTS = 40
"""More than a configuration may have for all its traces to be stored."""
HIT = "hit_1e-07"


def config(folder: Path, **changes: Any) -> Config:
    asked: dict[str, Any] = {
        "losses": ["beale", "quartic"],
        "optimizers": ["momentum", "adam"],
        "learning_rates": (0.001, 0.1),
        "starts": {"random": STARTS - 1},
        "steps": 60,
        "trace_points": 16,
        "output": folder / "output",
        "base": folder,
    }
    return Config.model_validate(asked | changes)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> dict[str, Path]:
    """The results folder of the same matrix with each value of ``trace``."""
    folders = {}
    with kept_worker():
        for trace in ("all", "pictures", "none"):
            folder = tmp_path_factory.mktemp(trace)
            folders[trace] = pipeline.run(config(folder, trace=trace), lambda _: None).results
    return folders


def test_pictures_store_the_first_the_best_the_median_and_the_worst_run_of_each_configuration(
    kept: dict[str, Path],
) -> None:
    results = Results.load(kept["pictures"])
    runs = results.runs.set_index("run_id")
    traced = set(results.traces["run_id"])
    lost = runs["outcome"] == "diverged"
    end = runs["gap"].astype(float).where(~lost, np.inf)
    assert lost.any()
    for cell, ends in end.groupby(runs["cell_id"], observed=True):
        stored = traced & set(ends.index)
        ordered = sorted(ends)
        assert 1 <= len(stored) <= 4
        assert f"{cell}/start=0/seed=0" in stored
        assert {ordered[0], ordered[STARTS // 2], ordered[-1]} <= set(ends[list(stored)])


def test_a_trace_is_the_same_whether_all_are_stored_or_few(kept: dict[str, Path]) -> None:
    every, few = Results.load(kept["all"]).traces, Results.load(kept["pictures"]).traces
    assert every["run_id"].nunique() == 4 * 2 * STARTS
    same = every[every["run_id"].isin(set(few["run_id"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(same.astype({"run_id": str}), few.astype({"run_id": str}))


def test_outcomes_do_not_depend_on_which_traces_are_stored(kept: dict[str, Path]) -> None:
    hashes = {hashlib.sha256((folder / "runs.parquet").read_bytes()).hexdigest() for folder in kept.values()}
    assert len(hashes) == 1


def test_pictures_store_all_traces_of_a_configuration_with_few_runs(tmp_path: Path, one_worker: None) -> None:
    asked = config(tmp_path, losses=["beale"], optimizers=["adam"], starts={"random": 31})
    results = Results.load(pipeline.run(asked, lambda _: None).results)
    assert set(results.traces["run_id"]) == set(results.runs["run_id"])


def test_the_curve_of_a_large_cell_is_that_of_the_run_with_the_median_end(kept: dict[str, Path]) -> None:
    few, every = (loss_view(Results.for_report(kept[trace]), "beale") for trace in ("pictures", "all"))
    assert set(few.best) == {"momentum", "adam"}
    for name, cell in few.best.items():
        (run,) = few.curve_runs(name)
        assert (np.inf if run.outcome == "diverged" else run.gap[-1]) == cell.gap_median
        assert len(every.curve_runs(name)) == STARTS


def test_a_report_without_traces_has_no_curves_and_paths_and_says_so(kept: dict[str, Path], tmp_path: Path) -> None:
    assert Results.load(kept["none"]).traces.empty
    assert render(kept["none"], tmp_path).is_file()
    assert "no trajectories recorded" in (tmp_path / "losses" / "beale.html").read_text()
    assert not list((tmp_path / "assets").glob("paths.*"))
    assert list((tmp_path / "assets").glob("rates.*"))


def test_without_traces_there_are_no_paths_in_many_dimensions_either(tmp_path: Path, one_worker: None) -> None:
    found = {}
    for trace in ("none", "pictures"):
        asked = config(tmp_path, losses=["rosenbrock[dim=4]"], optimizers=["adam"], trace=trace)
        found[trace] = len(Results.load(pipeline.run(asked, lambda _: None).results).paths)
    assert found == {"none": 0, "pictures": 2 * (16 + 1)}


def test_a_report_reads_the_stored_columns(kept: dict[str, Path]) -> None:
    full, light = Results.load(kept["all"]), Results.for_report(kept["all"])
    assert {"x0", "hyperparameters"} <= set(full.runs) - set(light.runs)
    pd.testing.assert_frame_equal(run_table(light).cells, run_table(full).cells)
    for name in ("final_loss", "gap", HIT, "run_id", "outcome"):
        pd.testing.assert_series_equal(light.runs[name], full.runs[name])
    of_beale = [results.of_loss("beale") for results in (full, light)]
    ends = [lists_to_array(results.runs["final_x"]) for results in of_beale]
    assert ends[0].shape == (2 * 2 * STARTS, 2)
    np.testing.assert_array_equal(*ends)
    np.testing.assert_array_equal(*(lists_to_array(results.trajectories("beale")[0]["x"]) for results in of_beale))


def test_a_report_reads_why_runs_failed_and_no_other_reasons(tmp_path: Path, one_worker: None) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('no such luck')\n")
    asked = config(tmp_path, losses=["beale"], optimizers=["adam", "mine.py:Mine"], starts={"random": 1})
    runs = Results.for_report(pipeline.run(asked, lambda _: None).results).runs
    failed = runs["outcome"] == "failed"
    assert failed.sum() == (~failed).sum() == 4
    assert runs.loc[failed, "reason"].str.contains("no such luck").all()
    assert runs.loc[~failed, "reason"].isna().all()


def test_what_an_ended_worker_left_unfinished_goes_with_the_next_run(tmp_path: Path, one_worker: None) -> None:
    left = tmp_path / "output" / "results" / "parts" / ".new-of-yesterday"
    left.mkdir(parents=True)

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(config(tmp_path), interrupt)
    assert not left.exists()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """A program of more runs than a row group has rows, and a small one."""
    folder = tmp_path_factory.mktemp("many")
    with kept_worker():
        asked = config(folder, **MANY, losses=["quartic"], optimizers=["gradient_descent", "adam"])
        return pipeline.run(asked, lambda _: None).results


MANY: dict[str, Any] = {"learning_rates": (0.01,), "starts": {"random": ROW_GROUP_SIZE}, "steps": 2}


def test_a_table_is_written_in_row_groups_of_one_size(many: Path) -> None:
    runs = pq.read_metadata(many / "runs.parquet")
    sizes = [runs.row_group(place).num_rows for place in range(runs.num_row_groups)]
    assert sizes == [ROW_GROUP_SIZE, 1, ROW_GROUP_SIZE, 1]


def test_row_groups_of_a_program_are_found_again(many: Path, one_worker: None) -> None:
    before = Results.load(many, ["run_id", "optimizer", "final_loss"])
    folder = many.parent.parent
    asked = config(folder, **MANY, losses=["quartic"], optimizers=["adam", "momentum"])
    outcome = pipeline.run(asked, lambda _: None)
    assert outcome.reused == 1
    after = Results.load(many, ["run_id", "optimizer", "final_loss"])
    assert after.runs["run_id"].is_unique
    kept = [table.runs[table.runs["optimizer"] == "adam"].reset_index(drop=True) for table in (before, after)]
    pd.testing.assert_frame_equal(*(table.astype({"optimizer": str}) for table in kept))
    assert len(kept[1]) == ROW_GROUP_SIZE + 1
