"""The table of expected running times: the numbers of the pages of the losses, in one table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import synthetic

from reportgen.analysis.budgets import fixed_target
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.report.expected_time_table import MOST_COLUMNS, expected_time_blocks


@pytest.fixture(scope="module")
def analysis() -> ReportAnalysis:
    made = synthetic.results(
        optimizers=("gradient_descent", "momentum", "adam"), starts=4, failed=[("beale", "momentum")]
    )
    return ReportAnalysis(made)


def test_the_times_are_those_of_the_best_configurations_at_the_tightest_target(analysis: ReportAnalysis) -> None:
    found = analysis.expected_times.set_index(["loss", "optimizer"])
    runs = replace(analysis.table.select(analysis.best), targets=(min(analysis.manifest.targets),))
    expected = fixed_target(runs, "gradient_evaluations").set_index(["loss", "optimizer"])
    assert len(found) > 5
    for name in ("learning_rate", "runs", "successes", "ert"):
        assert found[name].tolist() == expected[name].loc[found.index].tolist()
    assert 0 < found["successes"].sum() < found["runs"].sum()


def test_losses_without_a_known_minimum_have_no_times() -> None:
    made = synthetic.results(optimizers=("adam",), rates=(0.1,), starts=2, steps=30)
    losses = tuple(replace(loss, minimum=None) if loss.label == "beale" else loss for loss in made.manifest.losses)
    found = ReportAnalysis(replace(made, manifest=replace(made.manifest, losses=losses))).expected_times
    assert sorted(found["loss"]) == ["quartic", "rosenbrock"]


def table(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["loss", "optimizer", "ert", "successes"]).assign(runs=9)


def test_the_smallest_time_of_a_loss_is_the_best_without_reference_optimizers() -> None:
    times = table(("l", "a", 20.0, 9), ("l", "b", 30.0, 3), ("l", "c", np.inf, 0), ("l", "newton", 5.0, 9))
    (block,) = expected_time_blocks(times, ["l"], ["newton", "a", "b", "c", "failed"], ["a", "b", "c", "failed"])
    cells = {name: cell for name, (cell,) in block.rows}
    assert [name for name, cell in cells.items() if cell and cell.is_best] == ["a"]
    ratios = {name: cell.ratio if cell else "none" for name, cell in cells.items()}
    assert ratios == {"newton": 0.25, "a": 1.0, "b": 1.5, "c": None, "failed": "none"}


def test_if_no_run_hits_the_target_none_is_the_best() -> None:
    (block,) = expected_time_blocks(table(("l", "a", np.inf, 0), ("l", "ref", 7.0, 1)), ["l"], ["a", "ref"], ["a"])
    assert [(cell.ratio, cell.is_best) for _, (cell,) in block.rows if cell] == [(None, False)] * 2


def test_many_losses_are_split_into_blocks() -> None:
    losses = [f"l{place}" for place in range(2 * MOST_COLUMNS + 1)]
    blocks = expected_time_blocks(table(*((loss, "a", 5.0, 9) for loss in losses)), losses, ["a"], ["a"])
    assert [len(block.losses) for block in blocks] == [MOST_COLUMNS, MOST_COLUMNS, 1]
    assert [loss for block in blocks for loss in block.losses] == losses
    assert all(len(cells) == len(block.losses) for block in blocks for _, cells in block.rows)
