"""Runtimes, profiles and expected running times, against scipy, cocopp and tables that can be seen by eye."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import handmade
import numpy as np
import pandas as pd
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.budgets import fixed_budget, fixed_target, gaps_at
from reportgen.analysis.run_table import run_table
from reportgen.analysis.runtimes import (
    ecdf,
    ert,
    performance_profile,
    ratios,
    runtime_distribution,
    runtime_matrix,
    runtimes,
)
from reportgen.results.result_tables import Results

INF = np.inf
NA = None

# Multiples of 1/4 up to 1000: scaling by a power of two, and ratios of equals, are exact.
WHEN = st.one_of(st.integers(0, 4000).map(lambda n: n / 4), st.just(INF))
TIMES = hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=WHEN)


@pytest.fixture(scope="module")
def broken() -> Results:
    """Runs that diverged, a program that failed, and a cell that is missing."""
    made = synthetic.results(
        optimizers=("gradient_descent", "adam"),
        rates=(1e-3, 1e-1, 1.0),
        starts=4,
        steps=60,
        failed=[("beale", "adam")],
    )
    gone = (made.runs["loss"] == "quartic") & (made.runs["optimizer"] == "adam") & (made.runs["learning_rate"] == 0.1)
    assert {"failed", "diverged"} <= set(made.runs["outcome"].astype(str))
    return Results(made.runs[~gone].reset_index(drop=True), made.traces, made.grids, made.paths, made.manifest)


def test_a_runtime_is_the_first_step_or_what_it_cost_in_evaluations() -> None:
    made = handmade.results(
        {"start": [0, 1], "gradient_evaluations": [200, 200], "hit_1e-01": [7, 9], "hit_1e-03": [40, NA]},
        targets=(1e-1, 1e-3),
    )
    steps, evaluations = runtimes(run_table(made), "steps"), runtimes(run_table(made), "gradient_evaluations")
    assert steps["t"].tolist() == [7, 40, 9, INF]
    assert steps["target"].tolist() == [1e-1, 1e-3, 1e-1, 1e-3]
    assert steps["start"].tolist() == [0, 0, 1, 1]
    assert steps["budget"].tolist() == [100] * 4
    assert evaluations["t"].tolist() == [14, 80, 18, INF]
    assert evaluations["budget"].tolist() == [200] * 4


def test_a_diverged_run_costs_its_steps_and_a_failed_run_its_budget() -> None:
    made = handmade.results(
        {
            "start": [0, 1],
            "outcome": ["diverged", "failed"],
            "steps": [5, NA],
            "gradient_evaluations": [10, NA],
            "hit_1e-01": [3, NA],
        }
    )
    for unit, t, budget in (("steps", 3, 5), ("gradient_evaluations", 6, 10)):
        found = run_table(made).runtimes(unit)  # type: ignore[arg-type]
        assert found[0].tolist() == [[t], [INF]]
        assert found[1].tolist() == [budget, 100]


def test_a_matrix_has_every_problem_and_is_infinite_for_solvers_that_did_not_run() -> None:
    made = handmade.results(
        {"optimizer": ["adam", "adam", "sgd", "failing"], "start": [0, 1, 1, 0], "hit_1e-01": [4, 5, 6, NA]}
    )
    found = runtime_matrix(runtimes(run_table(made), "steps"), ["sgd", "adam", "failing"])
    assert found.columns.tolist() == ["sgd", "adam", "failing"]
    assert found.to_numpy().tolist() == [[INF, 4, INF], [6, 5, INF]]
    assert found.index.get_level_values("start").tolist() == [0, 1]
    assert runtime_matrix(runtimes(run_table(made), "steps"), ["adam"]).to_numpy().tolist() == [[4], [5]]


def test_a_matrix_of_two_cells_of_one_solver_is_refused(broken: Results) -> None:
    with pytest.raises(ValueError, match="expected one configuration per loss"):
        runtime_matrix(runtimes(run_table(broken), "steps"), ["adam"])
    best = run_table(broken).select(best_cells(run_table(broken).cells))
    assert runtime_matrix(runtimes(best, "steps"), ["adam", "gradient_descent"]).shape == (3 * 4 * 4, 2)


def test_an_ecdf_is_that_of_scipy_for_censored_data() -> None:
    random = np.random.default_rng(1)
    t = np.ceil(random.exponential(80, 200))
    seen = t <= 100
    theirs = stats.ecdf(stats.CensoredData(t[seen], right=np.full((~seen).sum(), 100.0))).cdf
    assert ecdf(np.where(seen, t, INF), theirs.quantiles) == pytest.approx(theirs.probabilities)


def test_an_ecdf_counts_what_never_happened() -> None:
    assert ecdf(np.array([[1, INF], [3, 3]]), np.array([0, 1, 2.9, 3, INF])).tolist() == [0, 0.25, 0.25, 0.75, 0.75]
    assert ecdf(np.empty(0), np.array([1.0])).tolist() == [0]


def test_a_performance_profile_by_hand() -> None:
    # Ratios: 1 and 2; 4 and 1; 1 and never; never for both, which counts against both.
    t = np.array([[10, 20], [400, 100], [7, INF], [INF, INF]])
    at, share = performance_profile(t)
    assert at.tolist() == [1, 2, 4]
    assert share.tolist() == [[0.5, 0.25], [0.5, 0.5], [0.75, 0.5]]


def test_a_runtime_of_zero_has_ratio_one_and_no_other_is_within_any_multiple_of_it() -> None:
    assert ratios(np.array([[0.0, 0.0], [0.0, 3.0]])).tolist() == [[1, 1], [1, INF]]


@given(TIMES)
def test_profiles_are_shares_that_only_grow_and_end_at_what_was_solved(t: Any) -> None:
    for at, share in (performance_profile(t), runtime_distribution(t)):
        assert (np.diff(at) > 0).all()
        assert (np.diff(share, axis=0) >= 0).all()
        assert share.min() >= 0
        assert share.max() <= 1
    assert runtime_distribution(t)[1][-1] == pytest.approx(np.isfinite(t).mean(axis=0))
    easy = np.isfinite(ratios(t)).mean(axis=0)
    assert performance_profile(t)[1][-1] == pytest.approx(easy)


@given(TIMES, st.randoms(use_true_random=False))
def test_profiles_do_not_hang_on_names_order_or_unit(t: Any, random: Any) -> None:
    solvers, problems = ([*range(n)] for n in t.T.shape)
    random.shuffle(solvers)
    random.shuffle(problems)
    scale = np.array([2.0 ** random.randrange(-3, 4) for _ in problems])[:, np.newaxis]
    at, share = performance_profile(t)
    again_at, again = performance_profile((t * scale)[problems][:, solvers])
    assert again_at.tolist() == at.tolist()
    assert again.tolist() == share[:, solvers].tolist()
    budgets, solved = runtime_distribution(t)
    assert runtime_distribution(8 * t)[0].tolist() == (8 * budgets).tolist()
    assert runtime_distribution(8 * t[problems])[1].tolist() == solved.tolist()


@given(TIMES)
def test_a_performance_profile_is_its_definition(t: Any) -> None:
    at, share = performance_profile(t)
    assert share.shape == (len(at), t.shape[1])
    assert len(at) > 0
    for solver, tau in ((s, k) for s in range(t.shape[1]) for k in range(len(at))):
        within = sum(
            bool(row[solver] == 0 or row[solver] / (min(row) or 1e-9) <= at[tau]) for row in t if min(row) < INF
        )
        assert share[tau, solver] == pytest.approx(within / len(t))


def test_the_expected_running_time_is_that_of_cocopp() -> None:
    # cocopp 2.9.1: toolsstats.sp(spent, issuccessful=success, allowinf=True)[0]
    spent = np.array([120.0, 340, 95, 2000, 610, 2000, 77, 2000, 410])
    success = np.array([1, 1, 1, 0, 1, 0, 1, 0, 1])
    assert ert(spent, success) == pytest.approx(1275.3333333333333)
    assert ert(np.stack([spent, spent]), np.stack([success, 0 * success])).tolist() == [pytest.approx(1275.33333), INF]


@given(hnp.arrays(float, st.integers(1, 20), elements=st.floats(1, 1e6)))
def test_the_expected_running_time_without_failures_is_the_mean(spent: Any) -> None:
    assert ert(spent, np.ones(len(spent))) == pytest.approx(spent.mean())
    half = np.arange(len(spent)) % 2 == 0
    # Failures are paid for: the mean over successes, and what failing cost for each of them.
    assert ert(spent, half) == pytest.approx(spent[half].mean() + spent[~half].sum() / half.sum())


def test_the_gap_at_a_budget_is_that_of_the_trace() -> None:
    made = handmade.results(
        {
            "start": [0, 1, 2, 3],
            "outcome": ["exhausted", "diverged", "failed", "exhausted"],
            "steps": [100, 5, NA, 100],
            "gradient_evaluations": [200, 10, NA, 200],
            "diverged_at": [NA, 5, NA, NA],
            "gap": [1, 6, NA, 2],
        },
        traces=[[(0, 9), (1, 8), (4, 5), (100, 1)], [(0, 9), (1, 8), (4, 6)], [], [(0, 9), (50, 4), (100, 2)]],
    )
    assert gaps_at(run_table(made), made.traces, [0, 3, 4, 5, 1000]).tolist() == [
        [9, 9, INF, 9],
        [8, 8, INF, 9],
        [5, 6, INF, 9],
        [5, INF, INF, 9],
        [1, INF, INF, 2],
    ]
    assert gaps_at(run_table(made), made.traces, [9], "gradient_evaluations").tolist() == [[5, 6, INF, 9]]
    # 9, 9, 9 and infinity: of two middle values the worse, as everywhere.
    first = fixed_budget(run_table(made), made.traces, [0, 1000]).iloc[0]
    assert first[["gap_low", "gap_median", "gap_high"]].tolist() == [9, 9, INF]


def test_a_start_that_is_not_finite_has_no_gap() -> None:
    gone = {"start": [0, 1], "outcome": ["exhausted", "diverged"], "steps": [100, 1], "diverged_at": [NA, 1]}
    made = handmade.results(gone, traces=[[(0, 9), (100, 1)], []])
    assert gaps_at(run_table(made), made.traces, [0, 1]).tolist() == [[9, INF], [9, INF]]


def test_the_order_of_traces_does_not_matter() -> None:
    made = handmade.results({"start": [0, 1]}, traces=[[(0, 9), (7, 1)], [(0, 8), (7, 2)]])
    turned = replace(made, traces=made.traces[::-1].reset_index(drop=True))
    assert (
        gaps_at(run_table(turned), turned.traces, [0, 7]).tolist()
        == gaps_at(run_table(made), made.traces, [0, 7]).tolist()
        == [[9, 8], [1, 2]]
    )


def test_a_table_of_budgets_ends_where_the_cells_do(broken: Results) -> None:
    table, ends = run_table(broken).cells, fixed_budget(run_table(broken), broken.traces, [1, 60])
    last = ends[ends["budget"] == 60].reset_index(drop=True)
    assert last["cell_id"].tolist() == table["cell_id"].tolist()
    for column in ("gap_low", "gap_median", "gap_high"):
        assert last[column].to_numpy() == pytest.approx(table[column].to_numpy())
    assert (last["median_low"] <= last["gap_median"]).all()
    assert (last["gap_median"] <= last["median_high"]).all()


def test_a_table_of_targets_counts_pays_and_waits() -> None:
    made = handmade.results(
        {
            "start": [0, 1, 2, 3],
            "outcome": ["exhausted", "exhausted", "diverged", "exhausted"],
            "steps": [100, 100, 8, 100],
            "hit_1e-01": [10, 30, NA, 20],
        },
        random=3,
    )
    row = fixed_target(run_table(made), "steps").iloc[0]
    assert (row["successes"], row["success"], row["t_median"]) == (3, 0.75, 30)
    assert row["ert"] == pytest.approx((10 + 30 + 8 + 20) / 3)
    # The standard start is certain; two of the three random ones arrived.
    low, high = stats.binomtest(2, 3).proportion_ci(method="wilson")
    assert row["success_low"] == pytest.approx((1 + 3 * low) / 4)
    assert row["success_high"] == pytest.approx((1 + 3 * high) / 4)
    assert row["t_low"] == 20
    assert row["t_high"] == INF


def test_a_single_start_has_no_intervals() -> None:
    row = fixed_target(run_table(handmade.results({"start": [0], "hit_1e-01": [10]})), "steps").iloc[0]
    assert not row["varies"]
    assert not row["ert_known"]
    assert row[["success_low", "success_high", "t_low", "t_high", "ert_low"]].tolist() == [1, 1, 10, 10, 10]


@pytest.mark.parametrize("unit", ["steps", "gradient_evaluations"])
def test_lost_and_missing_runs_leave_no_nan(broken: Results, unit: Any) -> None:
    tables = [
        runtimes(run_table(broken), unit),
        fixed_target(run_table(broken), unit),
        fixed_budget(run_table(broken), broken.traces, [1, 10, 1e9], unit),
    ]
    for table in tables:
        assert not table.isna().any(axis=None)
        assert not any(pd.api.types.is_object_dtype(kind) for kind in table.dtypes)
    best = run_table(broken).select(best_cells(run_table(broken).cells))
    t = runtime_matrix(runtimes(best, unit), ["gradient_descent", "adam"]).to_numpy()
    assert not np.isnan(
        np.hstack([np.ravel(part) for part in (*performance_profile(t), *runtime_distribution(t))])
    ).any()


def test_a_loss_whose_minimum_is_not_known_is_infinitely_far() -> None:
    made = handmade.results({"start": [0, 1], "gap": [INF, INF]}, minimum=None, traces=[[(0, 3.0)], [(0, 4.0)]])
    assert fixed_budget(run_table(made), made.traces, [10])["gap_median"].tolist() == [INF]
    assert fixed_target(run_table(made), "steps")["ert"].tolist() == [INF]


def test_gaps_at_a_budget_need_the_traces_of_all_runs() -> None:
    made = handmade.results({"start": [0, 1]}, traces=[[(0, 1.0), (100, 0.5)]])
    with pytest.raises(ValueError, match=r"1 runs have no trajectory; set trace = \"all\""):
        gaps_at(run_table(made), made.traces, [10])
