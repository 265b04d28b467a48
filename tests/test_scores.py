"""Scores over many problems: against their definition integrated numerically, by hand, and by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.cells import Array
from reportgen.analysis.run_table import run_table
from reportgen.analysis.scores import (
    average_ranks,
    loss_scores,
    loss_weights,
    mean_ranks,
    profile_areas,
    profile_score,
    resampled_scores,
)
from reportgen.results.schema import hit_column

INF = np.inf
TIMES = st.one_of(st.integers(1, 40).map(float), st.just(INF))
TABLES = arrays(float, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=TIMES)
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def area_of_profile(t: Array, r_max: float, points: int = 30_001) -> Array:
    """The definition of Dahl et al.: the profile on a fine grid of ratios, integrated by the trapezoidal rule."""
    with np.errstate(invalid="ignore"):
        ratio = t / t.min(axis=1, keepdims=True)
    grid = np.linspace(1.0, r_max, points)
    shares = np.array([(ratio <= tau).mean(axis=0) for tau in grid])
    area: Array = np.trapezoid(shares, grid, axis=0) / (r_max - 1)
    return area


@QUICK
@given(TABLES, st.sampled_from([2.0, 4.0]))
def test_the_score_is_the_integral_of_the_profile(t: Array, r_max: float) -> None:
    coarse = area_of_profile(t, r_max, points=1201)
    assert profile_score(t, r_max) == pytest.approx(coarse, abs=1.5 / 1200)


def test_a_score_by_hand() -> None:
    t = np.array([[10.0, 20.0, INF], [30.0, 10.0, 25.0], [INF, INF, INF], [5.0, 5.0, 20.0]])
    # Ratios 1, 2, inf; 3, 1, 2.5; nobody; 1, 1, 4: areas (4 - r) / 3.
    by_hand = np.array([[1, 2 / 3, 0], [1 / 3, 1, 0.5], [0, 0, 0], [1, 1, 0]])
    assert profile_areas(t) == pytest.approx(by_hand)
    assert profile_score(t) == pytest.approx(by_hand.mean(axis=0))
    assert profile_score(t) == pytest.approx(area_of_profile(t, 4.0), abs=1e-4)


def test_a_target_met_at_the_start_is_infinitely_faster() -> None:
    assert profile_areas(np.array([[0.0, 0.0, 1.0, INF]])).tolist() == [[1.0, 1.0, 0.0, 0.0]]


@pytest.mark.parametrize("t", [np.empty((0, 2)), np.array([[1.0, np.nan]]), np.array([[1.0, -1.0]]), np.ones(3)])
def test_invalid_runtimes_are_an_error(t: Array) -> None:
    with pytest.raises(ValueError, match="expected one row per problem"):
        profile_score(t)


@QUICK
@given(TABLES, st.randoms(use_true_random=False), st.data())
def test_scores_are_shares_that_neither_labels_nor_units_change(t: Array, random: Any, data: st.DataObject) -> None:
    score = profile_score(t)
    assert ((score >= 0) & (score <= 1)).all()
    order = random.sample(range(t.shape[1]), t.shape[1])
    assert profile_score(t[:, order]).tolist() == pytest.approx(score[order].tolist())
    unit = data.draw(arrays(float, (len(t), 1), elements=st.sampled_from([0.25, 1.0, 8.0])))
    assert profile_score(t * unit).tolist() == pytest.approx(score.tolist())
    assert (profile_areas(t, 8.0) >= profile_areas(t, 4.0)).all()


@QUICK
@given(TABLES, st.integers(0, 7), st.floats(0.1, 1.0))
def test_who_gets_faster_never_scores_less_and_others_never_more(t: Array, problem: int, factor: float) -> None:
    faster = t.copy()
    faster[problem % len(t), 0] *= factor
    change = profile_score(faster) - profile_score(t)
    assert change[0] >= -1e-12
    assert (change[1:] <= 1e-12).all()


def test_each_loss_weighs_the_same_however_many_starts_it_has() -> None:
    t = np.array([[1.0, 4.0], [1.0, 4.0], [1.0, 4.0], [2.0, 1.0]])
    loss = np.array(["bowl", "bowl", "bowl", "valley"])
    assert loss_weights(loss).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    weighted = profile_score(t, weights=loss_weights(loss))
    assert weighted.tolist() == pytest.approx([(1 + 2 / 3) / 2, 0.5])
    assert loss_scores(t, loss).mean(axis=0).tolist() == pytest.approx(weighted.tolist())
    assert profile_score(t).tolist() == pytest.approx([(3 + 2 / 3) / 4, 0.25])


def test_without_the_leader_two_followers_change_places() -> None:
    leader_far_ahead, leader_behind = [1.0, 20.0, 10.0], [3.0, 2.0, 3.0]
    t = np.array([leader_far_ahead, leader_far_ahead, leader_behind])
    leader, second, third = profile_score(t)
    assert leader > second > third
    second, third = profile_score(t[:, 1:])
    assert third > second


@QUICK
@given(arrays(float, st.integers(1, 12), elements=st.one_of(st.integers(-3, 3).map(float), st.just(INF))))
def test_average_ranks_are_those_of_scipy(values: Array) -> None:
    assert average_ranks(values).tolist() == stats.rankdata(values).tolist()


def test_mean_ranks_put_the_largest_first_and_share_ties() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.1 + 0.2, 0.3, 0.0], [INF, -INF, 0.0]])
    assert mean_ranks(scores).tolist() == pytest.approx([(1 + 1.5 + 1) / 3, (2 + 1.5 + 3) / 3, (3 + 3 + 2) / 3])
    with pytest.raises(ValueError, match="without missing numbers"):
        mean_ranks(np.array([[0.1, np.nan]]))


def drawn_problems(rng: np.random.Generator, losses: int, starts: int) -> Array:
    """Runtimes of two solvers, slow on the same starts, the second slower and less often successful."""
    hard = rng.lognormal(0, 1, (losses * starts, 1))
    t = hard * rng.lognormal([0.0, 0.3], 0.7, (losses * starts, 2))
    t[rng.random(t.shape) < [0.2, 0.3]] = INF
    return t


@pytest.mark.slow
@pytest.mark.parametrize(("losses", "starts"), [(3, 8), (1, 20)])
def test_intervals_cover_the_expected_score_at_their_nominal_rate(losses: int, starts: int) -> None:
    rng = np.random.default_rng(0)
    truth = profile_areas(drawn_problems(rng, 1, 200_000)).mean(axis=0)
    loss, start = np.repeat(np.arange(losses), starts), np.tile(np.arange(starts), losses)
    score, apart = 0, 0
    for draw in range(1000):
        samples = resampled_scores(drawn_problems(rng, losses, starts), loss, start, start >= 0, seed=draw)
        assert samples is not None
        low, high = samples.intervals()[0]
        score += low <= truth[0] <= high
        low, high = samples.difference(0, 1)
        apart += low <= truth[0] - truth[1] <= high
    assert 930 <= score <= 975
    assert 930 <= apart <= 975


def test_the_bootstrap_has_the_variance_of_a_stratified_mean() -> None:
    rng = np.random.default_rng(1)
    loss, start = np.repeat(["a", "b"], 5), np.tile(np.arange(5), 2)
    t = rng.integers(1, 9, (10, 3)).astype(float)
    fixed = start == 0
    samples = resampled_scores(t, loss, start, ~fixed, resamples=40_000)
    assert samples is not None
    assert samples.freedom == 6
    areas = profile_areas(t)
    parts = [areas[(loss == name) & ~fixed] for name in ("a", "b")]
    variance = sum((4 / 5) ** 2 * part.var(axis=0, ddof=1) / 4 for part in parts) / 2**2
    assert samples.scores.mean(axis=0).tolist() == pytest.approx(loss_scores(t, loss).mean(axis=0).tolist(), abs=0.005)
    assert samples.scores.var(axis=0).tolist() == pytest.approx(variance.tolist(), rel=0.05)


def test_a_start_is_drawn_with_all_its_targets() -> None:
    rng = np.random.default_rng(2)
    t = rng.integers(1, 9, (6, 2)).astype(float)
    start, loss, drawn = np.arange(6), np.full(6, "bowl"), np.full(6, True)
    alone = resampled_scores(t, loss, start, drawn)
    twice = resampled_scores(np.repeat(t, 2, axis=0), np.repeat(loss, 2), np.repeat(start, 2), np.repeat(drawn, 2))
    assert alone is not None
    assert twice is not None
    assert twice.scores == pytest.approx(alone.scores)


def test_a_loss_with_one_random_start_stays_as_it_is() -> None:
    t = np.array([*[[1.0, 3.0], [1.0, 2.0], [2.0, 1.0]] * 2, [1.0, 4.0]])
    loss, start = np.array([*"aaaaaa", "b"]), np.array([1, 2, 3, 4, 5, 6, 1])
    both = resampled_scores(t, loss, start, start > 0)
    first = resampled_scores(t[:6], loss[:6], start[:6], start[:6] > 0)
    assert both is not None
    assert first is not None
    assert both.freedom == first.freedom == 5
    assert both.scores == pytest.approx((first.scores + np.array([1.0, 0.0])) / 2)


def test_starts_with_fewer_problems_cannot_push_a_score_out_of_its_range() -> None:
    t, start = np.array([[1.0, INF]] * 9), np.array([1, 1, 1, 1, 2, 3, 4, 5, 6])
    samples = resampled_scores(t, np.full(9, "bowl"), start, start > 0)
    assert samples is not None
    assert samples.scores == pytest.approx(np.tile([1.0, 0.0], (1000, 1)))


@pytest.mark.parametrize(("starts", "losses", "known"), [(5, 1, False), (6, 1, True), (2, 4, False), (2, 5, True)])
def test_with_too_few_random_starts_there_is_no_interval(starts: int, losses: int, known: bool) -> None:
    loss, start = np.repeat(np.arange(losses), starts), np.tile(np.arange(starts), losses)
    t = np.random.default_rng(0).integers(1, 9, (len(loss), 2)).astype(float)
    assert (resampled_scores(t, loss, start, start >= 0) is not None) == known


def test_losses_with_the_same_starts_are_resampled_together() -> None:
    """Four copies of one loss know no more than one: the interval is as wide, not half as wide."""
    t = np.random.default_rng(3).integers(1, 9, (8, 2)).astype(float)
    start, drawn = np.arange(8), np.full(8, True)
    one = resampled_scores(t, np.full(8, "a"), start, drawn)
    copies = np.tile(t, (4, 1)), np.repeat(["a", "b", "c", "d"], 8), np.tile(start, 4), np.full(32, True)
    together = resampled_scores(*copies, cluster=np.full(32, "same"))
    apart = resampled_scores(*copies)
    assert one is not None
    assert together is not None
    assert apart is not None
    assert together.freedom == one.freedom == 7
    assert together.scores == pytest.approx(one.scores)
    assert np.ptp(apart.intervals()[0]) < 0.7 * np.ptp(together.intervals()[0])


def test_where_nothing_random_varies_there_is_no_interval() -> None:
    t, loss = np.array([[1.0, 2.0], [3.0, 2.0]]), np.array(["a", "a"])
    assert resampled_scores(t, loss, np.array([0, 1]), np.array([False, False])) is None
    assert resampled_scores(t, loss, np.array([0, 1]), np.array([False, True])) is None
    assert resampled_scores(t, loss, np.array([1, 1]), np.array([True, True])) is None
    assert resampled_scores(t, np.array(["a", "b"]), np.array([1, 2]), np.array([True, True])) is None


def test_intervals_are_seeded_and_do_not_depend_on_the_order_of_the_rows() -> None:
    rng = np.random.default_rng(3)
    t = rng.integers(1, 9, (12, 3)).astype(float)
    loss, start = np.repeat(["a", "b"], 6), np.tile(np.arange(6), 2)
    order = rng.permutation(12)
    first = resampled_scores(t, loss, start, start > 0)
    again = resampled_scores(t[order], loss[order], start[order], start[order] > 0)
    assert first is not None
    assert again is not None
    assert first.intervals() == pytest.approx(again.intervals())
    assert (first.intervals()[:, 0] < first.intervals()[:, 1]).all()


def test_lost_and_failed_runs_go_through_without_a_missing_number() -> None:
    made = synthetic.results(
        optimizers=("gradient_descent", "momentum", "adam"), starts=5, steps=150, failed=[("beale", "adam")]
    )
    keys = ["loss", "start", "seed"]
    top = best_cells(run_table(made).cells)
    runs = made.runs[made.runs["cell_id"].isin(top["cell_id"])]
    hits = [hit_column(target) for target in made.manifest.targets]
    long = runs.melt([*keys, "optimizer"], hits, "target", "t").astype({"t": float, "loss": str, "optimizer": str})
    wide = long.pivot(index=[*keys, "target"], columns="optimizer", values="t").fillna(INF).reset_index()
    t, loss, start = wide[["adam", "gradient_descent", "momentum"]].to_numpy(), wide["loss"], wide["start"].to_numpy()
    samples = resampled_scores(t, loss.to_numpy(), start, start > 0)
    assert samples is not None
    scores = loss_scores(t, loss.to_numpy())
    assert scores[0, 0] == 0.0  # adam failed on beale
    assert np.isfinite(samples.intervals()).all()
    assert np.isfinite(mean_ranks(scores)).all()
