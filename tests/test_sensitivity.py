"""The best learning rate, how sure it is, and how wide the good range: on matrices that can be seen by eye."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import handmade
import numpy as np
import pandas as pd
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.best_rate_intervals import best_rate_intervals
from reportgen.analysis.loss_view import loss_view
from reportgen.analysis.run_table import run_table
from reportgen.analysis.sensitivity import Sensitivity, divergence_edge, floored_gaps, sensitivity, usable_range
from reportgen.report.heatmap import heatmap_by_optimizer
from reportgen.results.result_tables import Results

INF = np.inf
RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def rated(gaps: Any, rates: Any = None, outcome: Any = "exhausted", hits: Any = None, first: int = 1) -> Results:
    """One loss and optimizer with final ``gaps`` [rates, starts]; the first start has the number ``first``."""
    gaps = np.asarray(gaps, float)
    rates = RATES[: len(gaps)] if rates is None else rates
    starts = gaps.shape[1]
    return handmade.results(
        {
            "learning_rate": np.repeat(rates, starts),
            "start": np.tile(np.arange(first, first + starts), len(rates)),
            "gap": gaps.ravel(),
            "outcome": np.broadcast_to(outcome, gaps.shape).ravel(),
            "hit_1e-01": np.broadcast_to(hits, gaps.shape).ravel(),
        },
        random=starts,
    )


def only(results: Results) -> Sensitivity:
    (found,) = sensitivity(run_table(results))
    return found


def test_the_usable_stretch_is_within_ten_times_the_best_gap_and_unbroken() -> None:
    gaps = np.array([[9.0], [0.5], [20.0], [3.0], [2.0]]) * [1, 1, 1]
    found = only(rated(gaps))
    assert (found.best_rate, found.rates) == (1e-3, 5)
    assert found.usable == (1e-3, 1e-3)
    assert found.decades == 0
    gaps[0] = 4.9
    assert only(rated(gaps)).usable == (1e-4, 1e-3)
    gaps[2] = 5.0
    assert only(rated(gaps)).usable == (1e-4, 1.0)
    assert only(rated(gaps)).decades == 4


def test_a_gap_below_the_tightest_target_is_as_good_as_on_it() -> None:
    # The initial gap is 1 and the target 0.1, so 1e-12 is no better than 0.1, and 0.9 is within ten times of it.
    made = rated([[1e-12] * 3, [0.9] * 3, [1.1] * 3], hits=[[5], [None], [None]])
    assert floored_gaps(run_table(made)).tolist() == [0.1] * 3 + [0.9] * 3 + [1.1] * 3
    assert only(made).usable == (1e-4, 1e-3)


def test_gaps_slightly_below_zero_and_starts_on_the_minimum_are_no_trouble() -> None:
    made = rated([[-1e-9], [0.0]])
    on_it = replace(made, runs=made.runs.assign(scale=0.0))
    assert floored_gaps(run_table(on_it)).tolist() == [0, 0]
    assert only(on_it).usable == (1e-4, 1e-3)


def test_the_median_of_lost_runs_is_out_of_range() -> None:
    made = rated([[1.0, 1, 1], [1, 1, 1], [1, 1, 1]], outcome=[["exhausted"] * 3, ["exhausted"] * 3, ["diverged"] * 3])
    assert only(made).usable == (1e-4, 1e-3)
    assert only(made).diverges_from == 1e-2


def test_nothing_is_usable_where_everything_was_lost() -> None:
    dead = only(rated([[1.0] * 3] * 3, outcome="diverged"))
    assert (dead.usable, dead.decades, dead.edge) == (None, None, None)
    assert dead.diverges_from == 1e-4
    failed = only(rated([[None] * 3] * 3, outcome="failed"))
    assert (failed.usable, failed.diverges_from) == (None, None)


@pytest.mark.parametrize(
    ("share", "edge"),
    [([0, 0, 0], None), ([0, 0.5, 1], 1), ([0.5, 0.4, 0.6], 2), ([1, 1, 0.4], None), ([1, 1, 1], 0), ([0.49], None)],
)
def test_divergence_begins_where_half_the_runs_diverge_from_there_on(share: list[float], edge: int | None) -> None:
    assert divergence_edge(np.array(share)) == edge


@given(st.lists(st.floats(0, 100) | st.just(INF), min_size=1, max_size=9), st.data())
def test_a_stretch_is_around_its_rate_and_its_neighbours_are_outside(gaps: list[float], data: Any) -> None:
    at = data.draw(st.integers(0, len(gaps) - 1))
    found = usable_range(np.array(gaps), at)
    if found is None:
        assert gaps[at] == INF
        return
    low, high = found
    assert low <= at <= high
    assert all(gap <= 10 * gaps[at] for gap in gaps[low : high + 1])
    assert all(gaps[place] > 10 * gaps[at] for place in (low - 1, high + 1) if 0 <= place < len(gaps))


def test_the_best_rate_and_its_edge_are_those_of_the_ranking() -> None:
    made = synthetic.results(rates=(1e-3, 1e-2, 1e-1, 1.0), starts=5, steps=80, failed=[("beale", "adam")])
    table = run_table(made).cells
    top = best_cells(table)
    found = sensitivity(run_table(made))
    assert [(s.loss, s.optimizer, s.best_rate) for s in found] == list(
        zip(top["loss"], top["optimizer"], top["learning_rate"], strict=True)
    )
    edges = top[top["learning_rate"].isin([1e-3, 1.0]) & (top["hit_rate"] > 0)]
    assert {(s.loss, s.optimizer) for s in found if s.edge} == set(zip(edges["loss"], edges["optimizer"], strict=True))
    ends = {1e-3: "smallest", 1.0: "largest"}
    assert [s.edge for s in found if s.edge] == [ends[rate] for rate in edges["learning_rate"]]
    broken = next(s for s in found if (s.loss, s.optimizer) == ("beale", "adam"))
    assert (broken.usable, broken.edge, broken.diverges_from) == (None, None, None)
    for one in found:
        values = [getattr(one, field.name) for field in fields(one)] + [one.decades]
        flat = np.hstack([value for value in values if isinstance(value, float | tuple)])
        assert np.isfinite(flat).all()
        if one.interval:
            assert one.interval[0] <= one.best_rate <= one.interval[1]
        if one.usable:
            assert one.usable[0] <= one.best_rate <= one.usable[1]


def test_the_smallest_rate_is_an_edge_too_but_not_of_two() -> None:
    hits = [[5, 6], [None, None], [None, None]]
    assert only(rated([[0.1, 0.1], [1, 1], [1, 1]], hits=hits)).edge == "smallest"
    assert only(rated([[0.1, 0.1], [1, 1]], hits=hits[:2])).edge is None
    assert only(rated([[0.1, 0.1], [1, 1], [1, 1]])).edge is None


def test_a_rate_that_is_best_from_every_start_is_sure() -> None:
    assert only(rated(np.array([[2.0], [1.0], [3.0]]) * np.ones(8))).interval == (1e-3, 1e-3)


def test_the_interval_spans_rates_that_are_best_from_some_starts() -> None:
    # From half of the starts the first rate is best, from the other half the last; the middle one never is.
    gaps = [[1.0] * 4 + [9.0] * 4, [5.0] * 8, [9.0] * 4 + [1.0] * 4]
    assert only(rated(gaps)).interval == (1e-4, 1e-2)


def test_there_is_no_interval_without_random_starts() -> None:
    gaps = [[1.0, 9.0], [9.0, 1.0]]
    assert only(rated(gaps)).interval is not None
    assert only(rated(gaps, first=0)).interval is None
    assert only(rated(np.array(gaps)[:, :1])).interval is None


def test_rates_that_were_tried_on_different_starts_are_not_compared_in_resamples() -> None:
    made = rated([[1.0] * 4, [2.0] * 4])
    short = replace(made, runs=made.runs.iloc[:-1].reset_index(drop=True))
    assert best_rate_intervals(run_table(short)) == {}
    assert only(short).best_rate == 1e-4


def resampled_by_hand(runs: pd.DataFrame, rates: list[float], random: np.random.Generator) -> float:
    """The best rate in one resample of the starts, by the rule in words."""
    starts = random.choice(runs["start"].unique(), runs["start"].nunique() - 1)
    candidates = []
    for rate in rates:
        at_rate = runs[runs["learning_rate"] == rate].set_index("start").loc[starts]
        hit = at_rate["hit_1e-01"].to_numpy(float, na_value=INF)
        gap = np.where(at_rate["outcome"] == "diverged", INF, at_rate["gap"])
        missed = np.minimum(np.log10(gap[np.isinf(hit)]), 308)
        candidates.append((-np.isfinite(hit).sum(), missed.sum(), np.log10(hit[np.isfinite(hit)]).sum(), rate))
    return float(min(candidates)[3])


@pytest.mark.slow
def test_the_interval_is_that_of_a_resampling_by_hand() -> None:
    random = np.random.default_rng(8)
    gaps = random.lognormal(size=(5, 10)) * np.array([[3], [1.2], [1], [1.1], [2]])
    gaps = gaps.round(1)
    outcome = np.where(random.random((5, 10)) < 0.1, "diverged", "exhausted")
    hits = np.where(gaps < 0.6, np.ceil(50 * gaps), np.nan)
    made = rated(gaps, outcome=outcome, hits=hits)
    chosen = np.sort([resampled_by_hand(made.runs, RATES, random) for _ in range(200)])
    low, high = best_rate_intervals(run_table(made), level=0.6)["bowl", "adam"]
    # 0.6 leaves out about a fifth at each end, far enough from where the chosen rate changes.
    assert (low, high) == (chosen[38], chosen[161])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("medians", "spread", "least", "most"),
    [([1, 1.15, 1.3, 1.4, 1.5], 1.0, 0.93, 0.98), ([9, 3, 1, 3, 9], 0.6, 0.99, 1)],
)
def test_the_interval_covers_the_best_rate(medians: list[float], spread: float, least: float, most: float) -> None:
    losses, starts = 500, 9
    gaps = np.random.default_rng(9).lognormal(sigma=spread, size=(losses, 5, starts)) * np.array(medians)[:, np.newaxis]
    loss, rate, start = (part.ravel() for part in np.mgrid[:losses, :5, 1 : starts + 1])
    columns = {"loss": np.char.add("l", loss.astype(str)), "learning_rate": np.array(RATES)[rate], "start": start}
    made = handmade.results(columns | {"gap": gaps.ravel()}, random=starts)
    ends = np.array(list(best_rate_intervals(run_table(made)).values()))
    best_rate = RATES[int(np.argmin(medians))]
    assert least <= ((ends[:, 0] <= best_rate) & (best_rate <= ends[:, 1])).mean() <= most
    # Where rates differ more than starts do, the interval says so.
    assert (np.log10(ends[:, 1] / ends[:, 0]).mean() < 1) == (spread < 1)


def test_decades_of_a_grid_agree_with_those_of_the_solved_range() -> None:
    rates = [10 ** (k / 2) for k in range(-4, 1)]
    made = rated([[5.0], [0.1], [0.1], [0.1], [5.0]], rates=rates, hits=[[None], [3], [2], [4], [None]])
    solved = replace(
        made, runs=made.runs.assign(outcome=made.runs["hit_1e-01"].notna().map({True: "solved", False: "exhausted"}))
    )
    found = only(solved)
    assert found.decades == 1
    assert math.isclose(found.best_rate, 10**-1)


@pytest.mark.parametrize(
    ("outcomes", "word", "brief"),
    [
        (["escaped"] * 6 + ["solved"] * 3, "escaped", "◇"),
        (["escaped"] * 4 + ["diverged"] * 5, "diverged", "✕"),
        (["failed"] * 9, "failed", "!"),
        (["failed"] * 3 + ["escaped"] * 3 + ["exhausted"] * 3, "escaped", "◇"),
    ],
)
def test_a_cell_without_a_median_names_the_most_frequent_outcome(outcomes: list[str], word: str, brief: str) -> None:
    made = handmade.results({"start": range(9), "outcome": outcomes})
    ((cell,),) = (row.cells for row in heatmap_by_optimizer(loss_view(made, "bowl"), made.manifest.optimizer_labels))
    assert (cell.word, cell.brief) == (word, brief)
    assert f": {word}, " in cell.text
