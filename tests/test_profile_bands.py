"""Bands of the runtime profile and areas under it: against loops that do it in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tried import trials

from reportgen.analysis import profile_bands as module
from reportgen.analysis.anytime import AnytimeScores, anytime_areas, anytime_scores
from reportgen.analysis.cross_fitting import all_resamples, cross_fit
from reportgen.analysis.intervals import wilson_interval
from reportgen.analysis.profile_bands import ProfileBands, band_budgets, profile_bands
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.rate_rule import places_without_each
from reportgen.analysis.runtimes import ecdf
from reportgen.analysis.score_intervals import ResampledScores, Stratum
from reportgen.analysis.scores import loss_weights
from reportgen.analysis.trials import Trials
from reportgen.report.profile_section import anytime_rows, band_note

Array = np.ndarray[Any, np.dtype[Any]]
INF = np.inf
BUDGET = 40.0
TIMES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.0, 20.0, 40.0, INF])
RUNS = arrays(float, st.tuples(st.integers(1, 3), st.just(7), st.integers(1, 2)), elements=TIMES)


def board(*losses: Trials, number: int = 300) -> Leaderboard:
    drawn = all_resamples(losses, number)
    return Leaderboard(losses[0].names, tuple(cross_fit(each, drawn[each.loss]) for each in losses))


def bands(found: Leaderboard, budget: float = BUDGET) -> ProfileBands:
    made = profile_bands(found, found.names, budget)
    assert made is not None
    return made


def random_times(seed: int, shape: tuple[int, ...], most: int = 40) -> Array:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(shape) < 0.7, rng.integers(1, most, shape), INF)


def curve(found: Leaderboard, column: int, at: Any) -> Array:
    return ecdf(found.runtimes[:, column], np.asarray(at), loss_weights(found.loss))


def at_budgets(made: ProfileBands, at: Array) -> tuple[Array, Array]:
    """The band as it is drawn at some budgets, low and high, float [at, optimizers]."""
    place = np.searchsorted(made.budgets, at, side="right") - 1
    return made.low[place], made.high[place]


def band_in_words(found: Leaderboard, times: Array, name: str, budget: float) -> tuple[float, float]:
    """The interval of the share of problems solved within a budget, of one loss with one fixed start at the end."""
    (fit,) = found.fits
    column = found.names.index(name)
    shares = []
    for row, weights in enumerate(fit.drawn.weights):
        places = places_without_each(fit.trials.rule[column], fit.drawn.weights)[row]
        solved = [(times[rate, start] <= budget).mean() for start, rate in enumerate(places)]
        random = np.dot(weights[:-1], solved[:-1]) / weights[:-1].sum()
        shares.append(((len(solved) - 1) * random + solved[-1]) / len(solved))
        if row == 0:
            stratum = Stratum((len(solved) - 1) / len(solved), np.array(solved[:-1])[:, np.newaxis])
    scores = np.array(shares)[fit.drawn.of_each]
    made = ResampledScores(np.array(shares[:1]), scores[:, np.newaxis], 6, (stratum,))
    low, high = made.intervals()[0]
    return low, high


@pytest.mark.slow
def test_a_band_is_the_interval_of_the_loop_in_words_at_each_budget() -> None:
    times = {name: random_times(seed, (3, 8, 2)) for seed, name in enumerate("ab")}
    found = board(trials(times, fixed=1))
    made = bands(found)
    for column, name in enumerate("ab"):
        low, high = np.array([band_in_words(found, times[name], name, budget) for budget in made.budgets]).T
        assert made.low[:, column] == pytest.approx([low[place:].min() for place in range(len(low))])
        assert made.high[:, column] == pytest.approx([high[: place + 1].max() for place in range(len(low))])


@given(RUNS, RUNS)
def test_a_band_contains_the_curve_and_only_grows(one: Array, other: Array) -> None:
    found = board(trials({"a": one}, "one"), trials({"a": other}, "other"), number=60)
    made = bands(found)
    every = np.linspace(0, BUDGET, 161)
    low, high = at_budgets(made, every)
    here = curve(found, 0, every)
    assert (low[:, 0] <= here).all()
    assert (here <= high[:, 0]).all()
    for ends in (made.low, made.high):
        assert (np.diff(ends, axis=0) >= 0).all()
        assert ((ends >= 0) & (ends <= 1)).all()


def test_if_all_starts_agree_the_band_is_wilsons_interval() -> None:
    made = bands(board(trials({"a": [[3.0] * 8], "b": [[INF] * 8]})))
    before, after = at_budgets(made, np.array([2.9])), at_budgets(made, np.array([3.0]))
    for (low, high), expected in ((before, [0, 0]), (after, [1, 0])):
        for column, solved in enumerate(expected):
            ends = wilson_interval(np.array([8.0 * solved]), np.array([8.0]))
            assert [low[0, column], high[0, column]] == pytest.approx([float(end[0]) for end in ends])


def test_equal_resamples_give_equal_bands() -> None:
    times = random_times(1, (3, 8, 2))
    made, again = (bands(board(trials({"a": times, "b": times, "c": times + 1}))) for _ in range(2))
    assert made.low.tolist() == again.low.tolist()
    assert (made.low[:, 0] == made.low[:, 1]).all()
    assert (made.high[:, 0] == made.high[:, 1]).all()
    assert (made.low != made.low[:, [2]]).any()


def test_a_coarse_band_contains_the_band_at_every_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    found = board(*(trials({"a": random_times(seed, (2, 7, 3))}, f"loss{seed}") for seed in range(3)))
    fine = bands(found)
    monkeypatch.setattr(module, "MOST_BUDGETS", 8)
    coarse = bands(found)
    assert len(coarse.budgets) <= 8 < len(fine.budgets)
    every = np.linspace(0, BUDGET, 401)
    for (outer, inner), sign in zip(
        zip(at_budgets(coarse, every), at_budgets(fine, every), strict=True), (1, -1), strict=True
    ):
        assert (sign * outer <= sign * inner).all()
    low, high = (
        np.array(ends)[:, 0]
        for ends in zip(*(at_budgets(each, coarse.budgets[-1:]) for each in (coarse, fine)), strict=True)
    )
    assert np.ptp(low) == np.ptp(high) == 0


def test_blocks_do_not_change_a_band(monkeypatch: pytest.MonkeyPatch) -> None:
    found = board(trials({"a": random_times(3, (3, 8, 2)), "b": random_times(4, (3, 8, 2))}, fixed=1))
    whole = bands(found)
    monkeypatch.setattr(module, "_BLOCK", 100)  # fewer than the problems times the budgets, and than the resamples
    assert bands(found).low.tolist() == whole.low.tolist()


def test_a_band_ends_at_the_interval_of_the_hit_rate() -> None:
    found = board(*(trials({"a": random_times(seed, (2, 8, 3))}, f"loss{seed}") for seed in range(3)))
    made, resampled = bands(found), found.resampled_hit_rates
    assert resampled is not None
    assert [made.low[-1, 0], made.high[-1, 0]] == pytest.approx(resampled.intervals()[0])


@pytest.mark.parametrize(("starts", "expected"), [(1, False), (5, False), (6, True)])
def test_with_too_few_random_starts_there_is_no_band_and_no_interval(starts: int, expected: bool) -> None:
    found = board(trials({"a": random_times(0, (2, starts, 2))}))
    assert (profile_bands(found, ["a"], BUDGET) is not None) == expected
    assert (anytime_scores(found, BUDGET).intervals is not None) == expected


def test_budgets_are_all_steps_or_few_from_start_to_end() -> None:
    assert band_budgets([np.array([[5.0, 0.0], [INF, 3.0]])], 10.0).tolist() == [0, 3, 5, 10]
    many = band_budgets([np.arange(5000.0)], 4000.0)
    assert 32 < len(many) <= module.MOST_BUDGETS
    assert (np.diff(many) > 0).all()
    assert many[[0, -1]].tolist() == [0, 4000]


@given(RUNS)
def test_the_anytime_score_is_the_area_under_the_profile(times: Array) -> None:
    found = board(
        trials({"a": times, "b": times * 2}, "one"), trials({"a": times[:1] + 1, "b": times}, "other"), number=5
    )
    budget = 2 * BUDGET
    edges = np.unique([0.0, *found.runtimes[np.isfinite(found.runtimes)], budget])
    widths = np.diff(np.log(edges + 1)) / np.log(budget + 1)
    areas = [widths @ curve(found, column, edges[:-1]) for column in range(2)]
    assert anytime_scores(found, budget).scores.tolist() == pytest.approx(areas)


def test_an_anytime_score_by_hand() -> None:
    assert anytime_areas(np.array([0.0, 9.0, 99.0, 120.0, INF]), 99.0).tolist() == pytest.approx([1, 0.5, 0, 0, 0])


def test_an_interval_of_an_anytime_score_holds_it() -> None:
    found = board(
        *(
            trials({name: random_times(seed + place, (2, 8, 3)) for place, name in enumerate("ab")}, f"loss{seed}")
            for seed in range(3)
        )
    )
    made = anytime_scores(found, BUDGET)
    assert made.intervals is not None
    assert (made.intervals[:, 0] < made.scores).all()
    assert (made.scores < made.intervals[:, 1]).all()


def test_the_page_says_what_the_bands_are_or_why_there_are_none() -> None:
    few, many, fixed = (
        board(trials({"a": random_times(0, (2, 8, 2))[:, :starts]}, fixed=all_fixed))
        for starts, all_fixed in ((4, 0), (8, 0), (4, 4))
    )
    assert "pointwise 95 % bands of a and b" in band_note(many, ["a", "b"])
    assert band_note(few, []) == "There are no confidence bands: 4 random starts are too few."
    assert band_note(fixed, []) == "There are no confidence bands: nothing random varies."
    assert band_note(None, []) == ""


def test_rows_of_anytime_scores_begin_with_the_largest() -> None:
    scores = AnytimeScores(np.array([0.2, 0.9]), np.array([[0.1, 0.3], [0.8, 1.0]]))
    rows = anytime_rows(["a", "b"], scores)
    assert [(row.optimizer, row.score, row.interval) for row in rows] == [
        ("b", 0.9, (0.8, 1.0)),
        ("a", 0.2, (0.1, 0.3)),
    ]
    assert [row.interval for row in anytime_rows(["a", "b"], replace(scores, intervals=None))] == [None, None]
    assert anytime_rows([], None) == []
