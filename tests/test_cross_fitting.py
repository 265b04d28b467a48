"""Learning rates chosen on other starts than those that they are judged on: against loops that do it in words."""

from __future__ import annotations

import itertools
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tried import trials

from reportgen.analysis.cross_fitting import LEAST_FREEDOM, all_resamples, cross_fit, resamples
from reportgen.analysis.lead import hit_lead
from reportgen.analysis.number_format import share_span, span
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.rate_rule import best_places, contenders, order_without_each, places_without_each, rule_values
from reportgen.analysis.score_intervals import score_interval
from reportgen.analysis.scores import profile_score
from reportgen.analysis.trials import Trials

BENCHMARK = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "ranking_error_rates.py"))
Case, error_rates = BENCHMARK["Case"], BENCHMARK["error_rates"]
INF = np.inf
Array = np.ndarray[Any, np.dtype[Any]]
RULES = arrays(float, st.tuples(st.just(3), st.integers(1, 5), st.integers(1, 4)), elements=st.integers(-2, 2))
QUICK = settings(max_examples=100, deadline=None, derandomize=True)


def board(*losses: Trials, number: int = 2000) -> Leaderboard:
    drawn = all_resamples(losses, number)
    return Leaderboard(losses[0].names, tuple(cross_fit(each, drawn[each.loss]) for each in losses))


def chosen(rule: Array, weights: Any) -> int:
    """The rule in words: the largest of the first criterion, among equals of the next, finally the smallest rate."""
    sums = (rule * np.asarray(weights)).sum(axis=2)
    return max(range(rule.shape[1]), key=lambda place: (*sums[:, place], -place))


def weightings(starts: int) -> Iterator[tuple[int, ...]]:
    yield (1,) * starts
    yield from (weights for weights in itertools.product((0, 1, 2), repeat=starts) if any(weights))


@QUICK
@given(RULES)
def test_the_choice_is_that_of_the_rule_in_words_under_any_weights(rule: Array) -> None:
    weights = np.array(list(weightings(rule.shape[2])), float)
    assert best_places(rule, weights).tolist() == [chosen(rule, each) for each in weights]


@QUICK
@given(RULES)
def test_a_start_has_no_part_in_the_choice_of_its_rate_however_often_it_is_drawn(rule: Array) -> None:
    starts = rule.shape[2]
    weights = np.array(list(weightings(starts)), float)
    found = places_without_each(rule, weights)
    assert found.shape == weights.shape
    assert weights.any(axis=1).all()
    for row, places in zip(weights, found, strict=True):
        for start in range(starts):
            others = row * (np.arange(starts) != start) if starts > 1 else row
            if not others.any():
                others = (np.arange(starts) != start) * 1.0 if starts > 1 else others
            if row[start]:
                assert places[start] == chosen(rule, others)


@QUICK
@given(RULES)
def test_the_last_in_order_is_the_chosen_one_and_those_left_out_are_never_chosen(rule: Array) -> None:
    starts = rule.shape[2]
    order = order_without_each(rule)
    assert order[:, -1].tolist() == places_without_each(rule, np.ones((1, starts)))[0].tolist()
    assert sorted(order[0].tolist()) == list(range(rule.shape[1]))
    possible = {chosen(rule, each) for each in weightings(starts)}
    assert possible <= set(contenders(rule).tolist())


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # Targets hit, evaluations to the tightest one, final gap of each of two runs.
        pytest.param([(3, INF, 9.0), (3, INF, 9.0)], [(4, 5, 0.1), (1, INF, 0.2)], id="more hits"),
        pytest.param([(4, 900, 0.1), (0, INF, INF)], [(2, INF, 1.0), (2, INF, 1.0)], id="more runs at the tightest"),
        pytest.param([(2, INF, 1.0), (2, INF, 50.0)], [(2, INF, 9.0), (2, INF, 9.0)], id="smaller gaps"),
        pytest.param([(2, INF, 1e300), (2, INF, 1.0)], [(2, INF, INF), (2, INF, 1.0)], id="not lost"),
        pytest.param([(4, 10, 0.1), (4, 30, 0.1)], [(4, 20, 1e-9), (4, 20, 1e-9)], id="fewer evaluations"),
    ],
)
def test_the_first_criterion_that_differs_decides(better: Any, worse: Any) -> None:
    hits, evaluations, gap = np.moveaxis(np.array([worse, better]), 2, 0)
    rule = rule_values(hits, evaluations, gap)
    assert best_places(rule, np.ones((1, 2))).tolist() == [1]
    assert best_places(rule[:, ::-1], np.ones((1, 2))).tolist() == [0]
    assert best_places(rule[:, [1, 1]], np.ones((1, 2))).tolist() == [0]


def test_a_rate_that_solves_only_one_start_is_not_chosen_for_it() -> None:
    """Each rate solves one start: chosen on all starts the score is 1/3, judged on other starts it is 0."""
    lucky = [[5, INF, INF], [INF, 5, INF], [INF, INF, 5]]
    found = board(trials({"lucky": lucky, "steady": [[5, 5, INF]] * 3}))
    assert found.hit_rates.tolist() == pytest.approx([0, 2 / 3])


def test_scores_in_resamples_are_those_of_the_loop_in_words() -> None:
    rng = np.random.default_rng(0)
    times = {name: np.where(rng.random((3, 5, 2)) < 0.5, rng.integers(1, 9, (3, 5, 2)), INF) for name in "abc"}
    one = trials(times, fixed=1)
    drawn = resamples(one.random_units, one.units, stream=0, number=50)
    fit = cross_fit(one, drawn)
    assert len(fit.speeds()) == len(drawn.weights) > 10
    for row, weights in enumerate(drawn.weights):
        places = [places_without_each(rule, drawn.weights)[row] for rule in one.rule]
        t = np.stack([times[name][places[k], np.arange(5)] for k, name in enumerate("abc")], axis=-1)
        speed, hits = np.zeros((5, 3)), np.isfinite(t).mean(axis=1)
        for start in range(5):
            speed[start] = profile_score(t[start])
        share = weights[:4] / weights[:4].sum()
        assert fit.speeds()[row] == pytest.approx(0.8 * share @ speed[:4] + 0.2 * speed[4])
        assert fit.hit_rates()[row] == pytest.approx(0.8 * share @ hits[:4] + 0.2 * hits[4])


def test_resamples_draw_one_less_of_the_random_units_and_keep_the_fixed_ones() -> None:
    drawn = resamples(4, 6, stream=3)
    each = drawn.weights[drawn.of_each]
    assert each.shape == (10_000, 6)
    assert (each[:, 4:] == 1).all()
    assert (each[:, :4].sum(axis=1) == 3).all()
    assert each[:, :4].mean(axis=0) == pytest.approx(0.75, abs=0.03)
    assert drawn.weights[0].tolist() == [1] * 6
    assert len(drawn.weights) <= 1 + 20  # 3 of 4 with replacement
    assert np.array_equal(drawn.of_each, resamples(4, 6, stream=3).of_each)
    assert not np.array_equal(drawn.of_each, resamples(4, 6, stream=4).of_each)


def test_losses_of_one_cluster_have_the_same_draws_and_know_no_more_than_one() -> None:
    t = {"a": np.random.default_rng(3).integers(1, 9, (1, 8)), "b": np.full((1, 8), 4)}
    together = board(*(trials(t, loss, cluster="same") for loss in "wxyz")).resampled_speed
    apart = board(*(trials(t, loss) for loss in "wxyz")).resampled_speed
    one = board(trials(t)).resampled_speed
    assert together is not None
    assert apart is not None
    assert one is not None
    assert together.freedom == one.freedom == 7
    assert apart.freedom == 28
    assert together.intervals() == pytest.approx(one.intervals())
    assert np.ptp(apart.intervals()[0]) < 0.7 * np.ptp(together.intervals()[0])


@pytest.mark.parametrize(("starts", "losses"), [(5, 1), (6, 1), (2, 4), (2, 5), (1, 9)])
def test_with_too_few_random_starts_there_is_no_interval(starts: int, losses: int) -> None:
    t = {name: np.random.default_rng(0).integers(1, 9, (1, starts)) for name in "ab"}
    found = board(*(trials(t, f"loss{place}") for place in range(losses)))
    assert (found.resampled_speed is not None) == ((starts - 1) * losses >= LEAST_FREEDOM)
    assert (found.resampled_hit_rates is not None) == ((starts - 1) * losses >= LEAST_FREEDOM)


def test_a_single_start_is_judged_at_its_own_rate_and_said_to_be() -> None:
    one, several = trials({"a": [[INF], [5]]}, "one"), trials({"a": [[INF] * 3, [5] * 3]}, "several", fixed=3)
    found = board(one, several)
    assert found.hit_rates.tolist() == [1.0]
    assert found.optimistic_losses == ["one"]


def test_where_all_runs_hit_the_interval_is_not_empty() -> None:
    found = board(trials({"a": [[5] * 8], "b": [[9] * 8]}))
    for resampled in (found.resampled_hit_rates, found.resampled_speed):
        assert resampled is not None
        low, high = resampled.intervals().T
        assert (high - low > 0.1).all()
    assert found.resampled_hit_rates is not None
    # Wilson's for 8 of 8.
    assert found.resampled_hit_rates.intervals()[0].tolist() == pytest.approx([0.6756, 1], abs=1e-4)


def test_a_score_interval_is_wilsons_for_shares_and_narrower_for_equal_parts() -> None:
    draws = np.array([[1.0, 0.5]] * 4 + [[0.0, 0.5]] * 4)
    low, high = score_interval([draws], np.ones(1))
    assert [float(low[0]), float(high[0])] == pytest.approx([0.2152, 0.7848], abs=1e-3)
    assert 0.1 < high[1] - low[1] < 0.4


def test_a_lead_is_one_over_all_others() -> None:
    ahead, close, behind = [[5] * 8], [[5] * 7 + [INF]], [[INF] * 8]
    found = hit_lead(board(trials({"close": close, "ahead": ahead, "behind": behind})))
    assert found.beaten == ["behind"]
    assert found.unbeaten == ["close"]
    assert found.strength == "none"
    assert found.others() == " Its lead is significant over behind, but not over close."
    clear = hit_lead(board(trials({"ahead": ahead, "behind": behind})))
    assert (clear.beaten, clear.unbeaten, clear.strength) == (["behind"], [], "strong")
    assert "the same for all 8 random starts" in clear.certainty()


def test_the_ends_of_an_interval_are_printed_with_digits_that_tell_them_apart() -> None:
    assert span((66.66, 67.12)) == "66.7 to 67.1"
    assert span((-1.2, 19)) == "−1.2 to 19"
    assert span((1500, 5500)) == "1\u202f500 to 5\u202f500"
    assert share_span((0.6756, 1)) == "68 to 100 %"
    assert share_span((0, 0.0004)) == "0 to 0.04 %"


@pytest.mark.slow
@pytest.mark.parametrize("losses", [1, 3])
def test_of_two_equal_optimizers_none_leads_by_having_more_good_rates(losses: int) -> None:
    found = error_rates(Case("", (0.5, 0.5), (5, 1), losses), reports=120, seed=1, resamples=1000)
    assert found.leads <= 0.03
    assert abs(found.bias) < 0.04
    assert found.covered >= 0.92
    assert found.difference_covered >= 0.92


@pytest.mark.slow
def test_a_better_optimizer_leads_and_high_hit_rates_are_covered() -> None:
    assert error_rates(Case("", (0.75, 0.45), (3, 3), 3), reports=60, seed=2, resamples=1000).leads > 0.7
    assert error_rates(Case("", (0.9,), (1,), 3), reports=200, seed=3, resamples=500).covered >= 0.92
