"""What is computed from results: summaries, rankings and sentences, checked on numbers that can be seen by eye."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic

from reportgen.analysis import number_format
from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.best_rows import best_rows, failed_cells
from reportgen.analysis.cells import order_statistic
from reportgen.analysis.head_to_head import head_to_head
from reportgen.analysis.loss_view import Trajectory, gap_quartiles, loss_view, median_gap
from reportgen.analysis.outcomes import outcome_counts
from reportgen.analysis.ranking import leaderboard, ranking
from reportgen.analysis.rate_rule import RULE
from reportgen.analysis.run_table import run_table
from reportgen.analysis.terminal_summary import TerminalSummary, read_terminal_summary, write_terminal_summary
from reportgen.results.manifest import FileInfo, OptimizerInfo
from reportgen.results.result_tables import Results


@pytest.fixture(scope="module")
def results() -> Results:
    return synthetic.results(optimizers=("gradient_descent", "momentum", "adam"), starts=5, steps=200)


def edited(results: Results, **columns: Any) -> Results:
    return replace(results, runs=results.runs.assign(**columns))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001234, "1.23·10⁻³"),
        (-0.5, "−0.5"),
        (1e-7, "10⁻⁷"),
        (0.0999999, "0.1"),
        (1234.0, "1\u202f230"),
        (0, "0"),
        (None, "n/a"),
        (math.nan, "n/a"),
        (math.inf, "∞"),
        (5e-324, "4.94·10⁻³²⁴"),
        (2.5e10, "2.5·10¹⁰"),
    ],
)
def test_numbers_have_three_digits_and_powers(value: float | None, text: str) -> None:
    assert number_format.number(value) == text


def test_rates_targets_and_shares_read_well() -> None:
    assert [number_format.rate(10 ** (k / 2)) for k in (-8, -7, -1, 0)] == ["10⁻⁴", "3.16·10⁻⁴", "0.316", "1"]
    assert [number_format.exponent(v) for v in (1.0, 10**-3.5, 1e-4)] == ["0", "−3.5", "−4"]
    assert [number_format.share(v) for v in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]
    assert number_format.and_list(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_order_statistics_are_values_and_never_flatter() -> None:
    values, group = np.array([1.0, np.inf, 5.0, 2.0]), np.array([0, 0, 1, 1])
    assert order_statistic(values, group, 2, 0.5).tolist() == [np.inf, 5.0]
    assert order_statistic(values, group, 2, 0.0).tolist() == [1.0, 2.0]


def test_every_cell_has_a_row_and_every_run_an_outcome(results: Results) -> None:
    table = run_table(results).cells
    assert len(table) == 3 * 3 * 9 == table["cell_id"].nunique()
    assert sum(outcome_counts(results.runs).values()) == len(results.runs)
    assert (table[list(outcome_counts(results.runs))].sum(axis=1) == table["runs"]).all()
    assert table["optimizer"].iloc[:27].unique().tolist() == ["gradient_descent", "momentum", "adam"]


def test_a_lost_run_counts_as_infinitely_far(results: Results) -> None:
    table = run_table(results).cells
    lost = table["diverged"] == table["runs"]
    assert lost.any()
    assert np.isinf(table.loc[lost, "gap_median"]).all()
    zero = edited(results, gap=0.0)
    assert np.isinf(run_table(zero).cells.loc[table["diverged"] > table["runs"] / 2, "gap_median"]).all()


def test_median_steps_are_infinite_unless_most_runs_arrive() -> None:
    tiny = synthetic.results([synthetic.QUARTIC], ["adam"], [0.1], starts=3, steps=5)
    for hits, median in (([4, None, 7], 7.0), ([4, None, None], math.inf)):
        table = run_table(edited(tiny, **{"hit_1e-07": pd.array(hits, dtype="Int32")})).cells
        assert table["steps_to_target"].tolist() == [median]


def test_the_best_cell_hits_most_and_no_other_is_better_by_the_rule(results: Results) -> None:
    groups = run_table(results).cells.groupby(["loss", "optimizer"])
    assert len(groups) == 3 * 3
    for _, group in groups:
        chosen = best_cells(group).iloc[0]
        assert chosen["hit_rate"] == group["hit_rate"].max()
        assert tuple(chosen[[*RULE]]) == max(group[[*RULE]].itertuples(index=False, name=None))


def test_ranking_tells_ties() -> None:
    twins = synthetic.results([synthetic.BEALE], ["adam"], [0.1], starts=3, steps=200)
    runs = pd.concat([twins.runs, twins.runs.assign(optimizer="twin", cell_id=twins.runs["cell_id"].astype(str) + "2")])
    twin = OptimizerInfo(label="twin", family="twin", title="Twin", learning_rates=(0.1,))
    manifest = replace(twins.manifest, optimizers=(*twins.manifest.optimizers, twin))
    table = run_table(replace(twins, runs=runs, manifest=manifest))
    ranks = ranking(leaderboard(table, best_cells(table.cells), ["adam", "twin"]))
    assert [(rank.place, rank.tied) for rank in ranks] == [(1, True), (1, True)]


def test_best_rows_are_what_a_terminal_shows(results: Results) -> None:
    cells = run_table(results).cells
    rows = best_rows(cells, ["adam"])
    losses, optimizers = results.manifest.loss_labels, results.manifest.optimizer_labels
    assert {(row.loss, row.optimizer) for row in rows} == {(loss, name) for loss in losses for name in optimizers}
    assert [row.loss for row in rows] == sorted((row.loss for row in rows), key=losses.index)
    assert {row.optimizer for row in rows if row.custom} == {"adam"}
    best = best_cells(cells).set_index(["loss", "optimizer"])
    for row in rows:
        chosen = best.loc[(row.loss, row.optimizer)]
        assert (row.learning_rate, row.solved, row.runs) == tuple(chosen[["learning_rate", "solved", "runs"]])
        assert chosen["gap_median"] == (math.inf if row.gap is None else row.gap)
        assert chosen["steps_to_target"] == (math.inf if row.steps is None else row.steps)
    for one, other in itertools.pairwise(rows):
        if one.loss == other.loss:
            assert tuple(best.loc[(one.loss, one.optimizer)][[*RULE]]) >= tuple(
                best.loc[(other.loss, other.optimizer)][[*RULE]]
            )


def test_the_stored_terminal_summary_belongs_to_its_results(tmp_path: Path) -> None:
    tiny = synthetic.results([synthetic.QUARTIC], ["adam", "momentum"], [0.1], starts=3, steps=5)

    def write(digest: str, baseline: str) -> Path:
        config = tiny.manifest.config.model_copy(update={"baseline": baseline})
        manifest = replace(tiny.manifest, config=config, files={"runs.parquet": FileInfo(1, digest * 64)})
        return synthetic.write(replace(tiny, manifest=manifest), tmp_path / "results")

    table = run_table(tiny)
    board = leaderboard(table, best_cells(table.cells), ["adam", "momentum"])
    summary = TerminalSummary(tuple(best_rows(table.cells, [])), tuple(head_to_head(board, "adam")))
    assert summary.head_to_head
    folder = write("a", "adam")
    assert read_terminal_summary(folder) == TerminalSummary()
    write_terminal_summary(folder, summary)
    assert read_terminal_summary(folder) == summary
    assert read_terminal_summary(write("b", "adam")) == TerminalSummary()
    assert read_terminal_summary(write("a", "momentum")) == TerminalSummary()
    assert read_terminal_summary(write("a", "adam")) == summary
    (folder / "terminal.json").write_text("{")
    assert read_terminal_summary(folder) == TerminalSummary()


def test_head_to_head_is_the_difference_of_the_scores_of_the_ranking(results: Results) -> None:
    table = run_table(results)
    board = leaderboard(table, best_cells(table.cells), ["gradient_descent", "momentum", "adam"])
    assert board
    assert head_to_head(board, "newton") == head_to_head(board, "") == head_to_head(None, "adam") == []
    rows = head_to_head(board, "momentum")
    assert {row.optimizer for row in rows} == {"gradient_descent", "adam"}
    assert [row.hits.points for row in rows] == sorted((row.hits.points for row in rows), reverse=True)
    base = board.names.index("momentum")
    for row in rows:
        at = board.names.index(row.optimizer)
        for found, scores, resampled in (
            (row.hits, board.hit_rates, board.resampled_hit_rates),
            (row.speed, board.speed, board.resampled_speed),
        ):
            assert found.points == pytest.approx(100 * (scores[at] - scores[base]))
            assert resampled
            assert found.interval == pytest.approx([100 * end for end in resampled.difference(at, base)])
            assert not found.significant or found.interval[0] > 0 or found.interval[1] < 0
        ahead = board.speed_by_loss[:, at] - board.speed_by_loss[:, base]
        assert (row.faster, row.slower, row.losses) == ((ahead > 0).sum(), (ahead < 0).sum(), 3)
    (mirrored,) = (row for row in head_to_head(board, "adam") if row.optimizer == "momentum")
    (adam,) = (row for row in rows if row.optimizer == "adam")
    assert mirrored.hits.points == -adam.hits.points
    assert mirrored.hits.significant == adam.hits.significant
    assert (mirrored.faster, mirrored.slower) == (adam.slower, adam.faster)


def test_each_reason_for_failures_is_found_once(tmp_path: Path) -> None:
    names = ("gradient_descent", "momentum", "adam")
    made = synthetic.results(optimizers=names, starts=4, failed=[("beale", "momentum"), ("beale", "adam")])
    (failed,) = failed_cells(synthetic.write(made, tmp_path / "results"))
    on_beale = made.runs[(made.runs["loss"] == "beale") & (made.runs["outcome"] == "failed")]
    assert failed.configurations == on_beale["cell_id"].nunique()
    assert (failed.optimizers, failed.losses) == (("momentum", "adam"), ("beale",))
    assert failed.reason == on_beale["reason"].iloc[0]


def test_a_median_curve_carries_what_ended_and_loses_what_diverged() -> None:
    def run(outcome: str, *gaps: float) -> Trajectory:
        return Trajectory(0, outcome, np.arange(len(gaps)), np.array(gaps), np.zeros((len(gaps), 2)))

    steps, gaps = median_gap([run("solved", 4.0, 1.0), run("exhausted", 4.0, 3.0, 2.0), run("diverged", 4.0)])
    assert steps.tolist() == [0, 1, 2]
    assert gaps.tolist() == [4.0, 3.0, 2.0]


def test_quartiles_of_curves_are_those_of_all_runs() -> None:
    ends = (1.0, 2.0, 3.0, 4.0, 5.0)
    runs = [Trajectory(0, "exhausted", np.arange(2), np.array([6.0, end]), np.zeros((2, 2))) for end in ends]
    lost = Trajectory(0, "diverged", np.arange(1), np.array([6.0]), np.zeros((1, 2)))
    steps, low, high = gap_quartiles(runs)
    assert (steps.tolist(), low.tolist(), high.tolist()) == ([0, 1], [6.0, 2.0], [6.0, 4.0])
    assert gap_quartiles([*runs[:3], lost, lost])[2].tolist() == [6.0, np.inf]


def test_histories_are_those_of_the_best_cell_by_start(results: Results) -> None:
    view = loss_view(results, "beale")
    runs = view.best_runs("adam")
    assert [run.start for run in runs] == list(range(5))
    assert runs[0].x[0].tolist() == [1.0, 1.0]
    assert runs[0].gap[0] == pytest.approx(14.203125)
