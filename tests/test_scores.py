"""Scores over many problems: against their definition integrated numerically, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from reportgen.analysis.cells import Array
from reportgen.analysis.scores import (
    average_ranks,
    loss_scores,
    loss_weights,
    mean_ranks,
    profile_areas,
    profile_score,
)

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
