"""Intervals, against scipy, exact distributions, and a thousand draws from what they are meant to cover."""

from __future__ import annotations

from typing import Any

import handmade
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from reportgen.analysis.cells import order_statistic
from reportgen.analysis.intervals import (
    bootstrap_interval,
    ert_interval,
    expanded_tail,
    percentile_ends,
    share_interval,
    wilson_interval,
)
from reportgen.analysis.resampling import MOST_GROUPS, RESAMPLES, Design, quantile_places, resampling_designs
from reportgen.analysis.run_table import run_table
from reportgen.analysis.runtimes import ert

INF = np.inf
Array = Any


def designed(groups: int, starts: int, seeds: int = 1, fixed: int = 0, noisy: bool = False) -> list[Design]:
    """Groups that all have ``fixed`` starts and then ``starts`` random ones, with so many seeds each."""
    start, seed = (part.ravel() for part in np.mgrid[: fixed + starts, :seeds])
    runs = len(start)
    tiled = [np.tile(part, groups) for part in (start, seed, start >= fixed, np.full(runs, noisy))]
    return resampling_designs(np.repeat(np.arange(groups), runs), *tiled)


def all_weights(design: Design) -> Array:
    return np.hstack(list(design.weights()))


@pytest.mark.parametrize(("successes", "runs"), [(81, 263), (15, 148), (0, 20), (1, 29), (29, 29), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_is_that_of_scipy(successes: int, runs: int, level: float) -> None:
    theirs = stats.binomtest(successes, runs).proportion_ci(level, method="wilson")
    assert [float(end) for end in wilson_interval(successes, runs, level)] == pytest.approx(list(theirs), abs=1e-12)


def test_wilson_is_that_of_the_examples_of_newcombe() -> None:
    # Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3.
    low, high = wilson_interval(np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29]))
    assert low.round(4).tolist() == [0.2553, 0.0624, 0, 0.0061]
    assert high.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


@pytest.mark.parametrize("runs", [8, 32])
def test_wilson_covers_on_average_at_its_level(runs: int) -> None:
    low, high = wilson_interval(np.arange(runs + 1), np.full(runs + 1, runs))
    p = np.linspace(0.005, 0.995, 199)[:, np.newaxis]
    covered = (stats.binom.pmf(np.arange(runs + 1), runs, p) * ((low <= p) & (p <= high))).sum(axis=1)
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


@given(st.integers(0, 50), st.integers(0, 50))
def test_wilson_holds_its_share_within_zero_and_one(successes: int, failures: int) -> None:
    runs = successes + failures
    low, high = (float(end) for end in wilson_interval(successes, runs))
    assert 0 <= low < high <= 1
    assert low <= successes / max(runs, 1) <= high


@pytest.mark.parametrize(("starts", "fixed"), [(2, 0), (7, 1), (8, 3), (30, 0)])
@pytest.mark.parametrize("quantile", [0.25, 0.5])
def test_the_exact_percentiles_of_a_quantile_are_those_of_many_resamples(
    starts: int, fixed: int, quantile: float
) -> None:
    (design,) = designed(1, starts, fixed=fixed)
    assert design.is_plain
    runs = starts + fixed
    order = np.random.default_rng(0).permutation(runs)[np.newaxis]
    weights = np.hstack(list(design.weights(100_000)))
    sums = np.cumsum(weights[order[0]], axis=0)
    resampled = (sums <= np.ceil(quantile * (runs - 1))).sum(axis=0)
    tails = (0.01, 0.2, 0.8, 0.99)
    low, *_, high = places = quantile_places(order, design, quantile, tails)[0].tolist()
    for tail, place in zip(tails, places, strict=True):
        at_most, below = (resampled <= place).mean(), (resampled < place).mean()
        assert below <= tail + 0.01
        assert at_most >= tail - 0.01
    assert 0 <= low <= high < runs


def test_with_many_draws_probabilities_are_exact_and_starts_are_drawn_in_groups() -> None:
    draws = 3000
    (design,) = designed(1, draws)
    ends = quantile_places(np.arange(draws)[np.newaxis], design, 0.5, (0.025, 0.975))[0]
    needed = draws // 2 + 1
    below = stats.binom.sf(needed - 1, draws, np.arange(1, draws + 1) / draws)
    assert ends.tolist() == [int((below <= 0.025).sum()), int((below < 0.975).sum())]
    weights = next(design.weights(200))
    assert len(np.unique(weights, axis=0)) == MOST_GROUPS
    assert weights.mean() == pytest.approx(1, abs=0.01)


def test_where_runs_are_not_single_draws_quantiles_are_resampled() -> None:
    values = np.random.default_rng(2).normal(size=24)
    (noisy,) = designed(1, starts=6, seeds=4, noisy=True)
    assert not noisy.is_plain
    order = np.argsort(values)[np.newaxis]
    low, high = quantile_places(order, noisy, 0.5, (0.025, 0.975))[0].tolist()
    assert 0 < low < 12 < high < 23
    only_seeds = designed(1, starts=0, seeds=8, fixed=1, noisy=True)[0]
    assert only_seeds.is_plain
    assert not designed(1, starts=0, seeds=8, fixed=2, noisy=True)[0].is_plain


def test_the_bootstrap_of_a_median_is_near_that_of_scipy() -> None:
    values = np.random.default_rng(5).lognormal(size=(3, 41))
    ours = bootstrap_interval(values.ravel(), designed(3, 41))
    assert len(ours.low) == 3
    for sample, low, high in zip(values, ours.low, ours.high, strict=True):
        theirs = stats.bootstrap(
            (sample,),
            lambda x, axis: np.quantile(x, 0.5, method="higher", axis=axis),
            method="percentile",
            confidence_level=1 - 2 * expanded_tail(41),
            n_resamples=20_000,
            rng=np.random.default_rng(0),
        ).confidence_interval
        # Percentiles of resamples are at most one value from the exact ones.
        ordered = np.sort(sample)
        assert abs(np.searchsorted(ordered, [low, high]) - np.searchsorted(ordered, theirs)).max() <= 1


@pytest.mark.parametrize("starts", [8, 15, 31])
def test_the_interval_of_a_median_covers_it(starts: int) -> None:
    draws = np.random.default_rng(starts).lognormal(size=(1000, starts))
    found = bootstrap_interval(draws.ravel(), designed(1000, starts))
    assert 0.935 <= ((found.low <= 1) & (found.high >= 1)).mean() <= 0.985


@pytest.mark.slow
def test_the_interval_of_a_median_covers_it_where_starts_and_noise_vary() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(1000, 21, 1)) + 0.5 * random.normal(size=(1000, 21, 5))
    found = bootstrap_interval(values.ravel(), designed(1000, 21, 5, noisy=True))
    assert 0.93 <= ((found.low <= 0) & (found.high >= 0)).mean() <= 0.985
    # Runs from one start are alike: to take them for independent would promise too much.
    naive = bootstrap_interval(values.ravel(), designed(1000, 105))
    assert ((naive.low <= 0) & (naive.high >= 0)).mean() < 0.8


def test_the_interval_of_an_expected_running_time_covers_it() -> None:
    random = np.random.default_rng(4)
    t = random.exponential(50, (1000, 40))
    success = t <= 100
    found = ert_interval(np.minimum(t, 100).ravel(), success.ravel(), designed(1000, 40))
    assert found.known.all()
    # Runs that are cut off at 100 spend 50 for each success in the mean.
    assert 0.92 <= ((found.low <= 50) & (found.high >= 50)).mean() <= 0.97


def test_the_interval_of_an_expected_running_time_is_near_that_of_cocopp() -> None:
    # cocopp 2.9.1: toolsstats.draw(spent, percentiles, 40_000, toolsstats.sp, [None, success]) at tail(9, 0.8)
    spent = np.array([120.0, 340, 95, 2000, 610, 2000, 77, 2000, 410])
    success = spent < 2000
    found = ert_interval(spent, success, designed(1, 9), level=0.8)
    assert found.low[0] == pytest.approx(502.125, rel=0.05)
    assert found.high[0] == pytest.approx(2846.25, rel=0.05)
    assert found.low[0] < ert(spent, success) < found.high[0]


def test_the_interval_of_a_share_covers_it_where_starts_and_noise_vary() -> None:
    random = np.random.default_rng(6)
    easy = random.beta(0.6, 0.6, (1000, 16, 1))
    success = random.random((1000, 16, 5)) < easy
    found = share_interval(success.ravel(), designed(1000, 16, 5, noisy=True))
    assert 0.94 <= ((found.low <= 0.5) & (found.high >= 0.5)).mean() <= 0.995


def test_fixed_starts_are_not_resampled() -> None:
    (design,) = designed(1, starts=4, fixed=2)
    weights = all_weights(design)
    assert design.is_random.tolist() == [False] * 2 + [True] * 4
    assert design.draws == 4
    assert (weights[:2] == 1).all()
    assert (weights[2:].sum(axis=0) == 4).all()
    assert weights[2:].mean(axis=1) == pytest.approx(1, abs=0.2)
    # One of four drawn with replacement is left out in (3/4)^4 of the resamples.
    assert (weights[2:] == 0).mean() == pytest.approx(0.316, abs=0.03)


def test_a_start_is_drawn_with_its_seeds_and_they_within_it() -> None:
    (design,) = designed(1, starts=6, seeds=3, noisy=True)
    weights = all_weights(design).reshape(6, 3, -1)
    assert set(np.unique(weights.sum(axis=1) % 3)) == {0}
    assert (weights.sum(axis=(0, 1)) == 18).all()
    assert (weights.sum(axis=1) == 0).mean() == pytest.approx((5 / 6) ** 6, abs=0.03)
    assert (weights.min(axis=1) < weights.max(axis=1)).any()
    (quiet,) = designed(1, starts=6, seeds=3)
    repeats = all_weights(quiet).reshape(6, 3, -1)
    assert (repeats.min(axis=1) == repeats.max(axis=1)).all()
    assert (design.draws, quiet.draws) == (6, 6)


@pytest.mark.parametrize(
    ("starts", "seeds", "fixed", "noisy", "draws"),
    [
        (0, 1, 1, False, 0),
        (1, 1, 1, False, 0),
        (0, 5, 1, False, 0),
        (2, 1, 0, False, 2),
        (0, 5, 1, True, 5),
        (1, 1, 1, True, 0),
        (0, 2, 3, True, 6),
        (3, 2, 1, True, 4),
    ],
)
def test_there_is_an_interval_only_where_something_random_varies(
    starts: int, seeds: int, fixed: int, noisy: bool, draws: int
) -> None:
    made = designed(2, starts, seeds, fixed, noisy)
    runs = made[0].rows.size
    values, success = np.arange(runs, dtype=float), np.arange(runs) % 2 == 0
    assert made[0].draws == draws
    for found in (bootstrap_interval(values, made), share_interval(success, made), ert_interval(values, success, made)):
        assert found.known.tolist() == [draws > 0] * 2
        assert (found.low <= found.high).all()
        if not draws:
            assert found.low.tolist() == found.high.tolist()


def test_groups_of_different_sizes_keep_their_numbers() -> None:
    group = np.array([1, 0, 2, 1, 0, 2, 2, 0])
    start = np.array([1, 1, 1, 2, 2, 2, 3, 3])
    made = resampling_designs(group, start, np.zeros(8, int), np.full(8, True), np.full(8, False))
    assert sorted(len(design.groups) for design in made) == [1, 2]
    values = np.array([5.0, 1, 70, 6, 2, 80, 90, 3])
    found = bootstrap_interval(values, made, quantile=0.0)
    assert found.low.tolist() == [1, 5, 70]
    assert bootstrap_interval(values, made).high.tolist() == [3, 6, 90]


def test_infinite_values_are_values() -> None:
    found = bootstrap_interval(np.array([1.0, 2, 3, INF, INF, INF] + [INF] * 6), designed(2, 6))
    assert found.low.tolist() == [1, INF]
    assert found.high.tolist() == [INF, INF]
    assert found.known.all()


def test_failures_alone_tell_nothing_of_the_expected_running_time() -> None:
    found = ert_interval(np.full(8, 100.0), np.arange(8) == 0, designed(2, 4))
    assert found.known.tolist() == [True, False]
    assert found.low[1] == found.high[1] == found.high[0] == INF


@given(hnp.arrays(float, st.integers(2, 12), elements=st.floats(0, 1e9) | st.just(INF)))
def test_intervals_hold_what_they_are_of(values: Any) -> None:
    made = designed(1, len(values))
    median = order_statistic(values, np.zeros(len(values), int), 1, 0.5)
    found = bootstrap_interval(values, made)
    assert values.min() <= found.low <= median <= found.high <= values.max()


def test_the_manifest_says_what_is_random() -> None:
    made = handmade.results(
        {"loss": ["still"] * 8 + ["noisy"] * 8, "start": [0, 0, 1, 1, 2, 2, 3, 3] * 2, "seed": [0, 1] * 8},
        random=2,
        noisy=["noisy"],
    )
    still, noisy = run_table(made).designs
    # Start 3 is a point that the user gave.
    assert still.is_random.tolist() == [False] * 2 + [True] * 4 + [False] * 2
    assert still.draws == 2
    assert noisy.is_random.all()
    assert noisy.draws == 4


def test_the_same_results_have_the_same_intervals_and_level_matters() -> None:
    values = np.random.default_rng(7).normal(size=300)
    made = designed(10, 30)
    assert bootstrap_interval(values, made).low.tolist() == bootstrap_interval(values, designed(10, 30)).low.tolist()
    wide, narrow = bootstrap_interval(values, made), bootstrap_interval(values, made, level=0.5)
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()


def test_the_middle_is_of_actual_values_and_never_the_narrower() -> None:
    low, high = percentile_ends(np.arange(1000)[np.newaxis], 0.025)
    assert (low.item(), high.item()) == (24, 975)


@pytest.mark.parametrize("draws", [5, 8, 30, 1000])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_few_draws_leave_out_less(draws: int, level: float) -> None:
    quantile = stats.t.ppf((1 + level) / 2, draws - 1)
    assert expanded_tail(draws, level) == pytest.approx(
        stats.norm.cdf(-np.sqrt(draws / (draws - 1)) * quantile), rel=0.02, abs=1e-4
    )
    assert expanded_tail(2, level) < 1 / RESAMPLES
