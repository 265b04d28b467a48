"""Tests of differences: against scipy, statsmodels' and scikit-posthocs' numbers, Demšar's example, and enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from reportgen.analysis.cells import Array
from reportgen.analysis.signed_rank import EXACT, signed_rank, smallest_p
from reportgen.analysis.significance import (
    critical_difference,
    friedman,
    holm,
    is_pair_test_possible,
    wilcoxon_holm,
)

INF = np.inf
QUICK = settings(max_examples=60, deadline=None, derandomize=True)

# Demšar 2006, table 6: AUC of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf on 14 data sets.
PRINTED = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.975, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
# With the ranks that the paper gives to the two 0.975, of which it prints three digits: 2 and 3.
RANKED = np.where(np.arange(56).reshape(14, 4) == 50, 0.9751, PRINTED)
SCORES = arrays(float, st.tuples(st.integers(8, 14), st.integers(3, 6)), elements=st.integers(0, 5).map(float))


def test_friedman_gives_the_numbers_of_demsars_example() -> None:
    test = friedman(RANKED)
    assert test is not None
    assert [round(rank, 3) for rank in test.mean_ranks] == [3.143, 2.0, 2.893, 1.964]
    # The paper does not correct for ties: three pairs and one row of four are tied.
    correction = 1 - (3 * (2**3 - 2) + (4**3 - 4)) / (14 * 4 * (4**2 - 1))
    uncorrected = test.chi_square * correction
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert 13 * uncorrected / (14 * 3 - uncorrected) == pytest.approx(3.69, abs=0.005)


def test_friedman_is_the_analysis_of_variance_of_the_ranks() -> None:
    test = friedman(PRINTED)
    assert test is not None
    # statsmodels 0.15.0: AnovaRM of the ranks, data sets as subjects.
    assert (test.f, test.p) == pytest.approx((4.58589, 0.007629), abs=5e-6)
    assert test.chi_square == pytest.approx(stats.friedmanchisquare(*PRINTED.T).statistic)


@QUICK
@given(SCORES)
def test_friedmans_statistic_is_scipys_and_its_p_a_probability(scores: Array) -> None:
    test = friedman(scores)
    assert test is not None
    assert 0 < test.p <= 1
    assert sum(test.mean_ranks) == pytest.approx(scores.shape[1] * (scores.shape[1] + 1) / 2)
    if np.ptp(scores, axis=1).any():
        assert test.chi_square == pytest.approx(stats.friedmanchisquare(*scores.T).statistic)
    else:
        assert (test.chi_square, test.f, test.p) == (0.0, 0.0, 1.0)


def test_friedman_where_all_losses_agree_gives_the_share_of_rankings_that_do() -> None:
    test = friedman(np.tile([3.0, 2.0, 1.0], (8, 1)))
    assert test is not None
    assert test.mean_ranks == (1.0, 2.0, 3.0)
    assert test.f == INF
    assert test.p == pytest.approx(6.0**-7)


def test_friedman_rejects_at_its_level_where_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    tests = [friedman(rng.random((10, 5))) for _ in range(1000)]
    rejected = sum(test is not None and test.p < 0.05 for test in tests)
    assert 32 <= rejected <= 70


@pytest.mark.parametrize(("losses", "solvers"), [(7, 5), (20, 2)])
def test_few_losses_or_solvers_get_no_friedman_test(losses: int, solvers: int) -> None:
    assert friedman(np.random.default_rng(0).random((losses, solvers))) is None
    assert critical_difference(solvers, losses) is None


@pytest.mark.parametrize(
    ("solvers", "level", "quantile"),
    [(3, 0.05, 2.343), (4, 0.05, 2.569), (10, 0.05, 3.164), (4, 0.1, 2.291), (10, 0.1, 2.920)],
)
def test_the_critical_difference_has_demsars_quantiles(solvers: int, level: float, quantile: float) -> None:
    found = critical_difference(solvers, 14, level)
    assert found == pytest.approx(quantile * np.sqrt(solvers * (solvers + 1) / (6 * 14)), rel=5e-4)


def test_the_critical_difference_of_demsars_example_and_of_scikit_posthocs() -> None:
    found = critical_difference(4, 14)
    assert found == pytest.approx(1.25, abs=0.005)
    # scikit-posthocs 0.17.1, posthoc_nemenyi_friedman(PRINTED): first against second 0.088673.
    apart = 3.142857142857143 - 2.0
    assert critical_difference(4, 14, 0.088673) == pytest.approx(apart, abs=1e-5)


def enumerated_p(differences: Array) -> float:
    """The two-sided p by all signs of the differences that are not zero, ranked together with the zeros."""
    ranks = stats.rankdata(np.abs(differences))[differences != 0]
    signs = np.array(list(product([-1, 1], repeat=len(ranks)))).reshape(2 ** len(ranks), len(ranks))
    seen = abs((np.sign(differences[differences != 0]) * ranks).sum())
    return float((np.abs(signs @ ranks) >= seen - 1e-9).mean())


@QUICK
@given(arrays(float, st.integers(0, 10), elements=st.integers(-4, 4).map(float)))
def test_the_signed_rank_test_is_that_of_all_signs(differences: Array) -> None:
    test = signed_rank(differences)
    assert test.p == pytest.approx(enumerated_p(differences))
    assert signed_rank(-differences).effect == -test.effect
    assert test.above + test.equal + test.below == len(differences)


def test_the_signed_rank_test_is_scipys() -> None:
    rng = np.random.default_rng(0)
    clean = rng.normal(0.3, 1, 15)
    assert signed_rank(clean).p == pytest.approx(stats.wilcoxon(clean, method="exact").pvalue)
    many = rng.normal(0.1, 1, EXACT + 50)
    assert signed_rank(many).p == pytest.approx(stats.wilcoxon(many, method="approx").pvalue)
    just_exact = rng.normal(0.1, 1, EXACT)
    assert signed_rank(just_exact).p == pytest.approx(stats.wilcoxon(just_exact, method="exact").pvalue)


def test_the_signed_rank_test_of_demsars_example() -> None:
    # Section 3.1.3: R+ = 93 and R- = 12 for C4.5+m against C4.5, zeros split between the two.
    test = signed_rank(PRINTED[:, 1] - PRINTED[:, 0])
    assert (test.above, test.equal, test.below) == (10, 2, 2)
    assert test.effect == pytest.approx((93 - 12) / 105)
    assert test.p < 0.05


def test_infinite_differences_are_the_largest_and_missing_ones_are_refused() -> None:
    assert signed_rank(np.array([INF, INF, 1.0, -2.0])).effect == pytest.approx((3.5 + 3.5 + 1 - 2) / 10)
    with pytest.raises(ValueError, match="expected a number for each pair"):
        signed_rank(np.array([1.0, np.nan]))


def test_no_pairs_or_only_ties_are_no_evidence() -> None:
    for differences in ([], [0.0, 0.0], [0.1 + 0.2 - 0.3]):
        test = signed_rank(np.array(differences))
        assert (test.p, test.effect) == (1.0, 0.0)


@pytest.mark.parametrize("losses", [1, 4, 5, 9])
def test_the_smallest_p_is_that_of_all_signs_the_same(losses: int) -> None:
    one_sided = np.arange(1.0, losses + 1)
    assert signed_rank(one_sided).p == pytest.approx(smallest_p(losses))
    assert signed_rank(one_sided).effect == 1.0


def test_five_losses_cannot_show_a_difference() -> None:
    assert smallest_p(5) == 0.0625
    assert smallest_p(9, comparisons=15) == pytest.approx(15 / 256)
    assert smallest_p(0) == 1.0


def test_holm_corrects_as_statsmodels_does() -> None:
    p = [0.0078125, 0.865966796875, 0.01123046875, 0.052978515625, 0.4501953125, 0.02734375]
    # statsmodels 0.15.0, multipletests(p, method="holm").
    assert holm(p) == pytest.approx([0.046875, 0.900390625, 0.05615234375, 0.158935546875, 0.900390625, 0.109375])
    assert holm([]) == []


@QUICK
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_where_the_step_down_procedure_does(p: list[float]) -> None:
    rejected: set[int] = set()
    for step, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[place] * (len(p) - step) > 0.05:
            break
        rejected.add(place)
    assert {place for place, value in enumerate(holm(p)) if value <= 0.05} == rejected


def test_every_pair_is_compared_once_and_corrected_for_all() -> None:
    found = wilcoxon_holm(PRINTED)
    assert [(pair.first, pair.second) for pair in found] == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert [pair.adjusted_p for pair in found] == pytest.approx(holm([pair.p for pair in found]))
    assert (found[0].better, found[0].equal, found[0].worse) == (2, 2, 10)
    assert found[0].effect < 0


def test_infinite_scores_on_both_sides_are_equal() -> None:
    (only,) = wilcoxon_holm(np.array([[-INF, -INF], [-INF, 1.0], [2.0, 2.0]]))
    assert (only.better, only.equal, only.worse, only.p) == (0, 2, 1, 1.0)
    assert wilcoxon_holm(np.ones((9, 1))) == []


@pytest.mark.parametrize(("losses", "solvers", "possible"), [(5, 2, False), (6, 2, True), (7, 3, True), (6, 3, False)])
def test_pairs_are_tested_only_if_a_difference_could_be_significant(losses: int, solvers: int, possible: bool) -> None:
    assert is_pair_test_possible(losses, solvers) == possible
    scores = np.tile(np.arange(solvers, 0, -1.0), (losses, 1))
    assert (wilcoxon_holm(scores)[0].adjusted_p <= 0.05) == possible
    assert not is_pair_test_possible(100, 1)
