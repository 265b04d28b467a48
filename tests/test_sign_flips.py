"""Sign-flip tests: by hand, against brute force, and their error rates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reportgen.analysis.sign_flips import DRAWS, EXACT, benjamini_hochberg, flipped_sums, lower_tails, mean_interval


def p_of(values: np.ndarray) -> float:
    return float(lower_tails(flipped_sums(values[:, np.newaxis]).T)[0, 0])


def test_p_by_hand() -> None:
    assert p_of(np.array([-1.0, -1.0, -1.0])) == 1 / 8
    assert p_of(np.array([-3.0, -2.0, 1.0])) == 2 / 8  # -6 and -4 are as small
    assert p_of(np.zeros(3)) == 1.0
    assert p_of(np.array([1.0, 1.0, 1.0])) == 1.0


def test_few_units_are_flipped_in_all_ways_and_many_at_random_with_the_observed_one() -> None:
    values = np.arange(1.0, 4.0)
    brute_force = sorted(sum(signs * values) for signs in itertools.product((-1, 1), repeat=3))
    found = flipped_sums(values[:, np.newaxis])[:, 0]
    assert found[0] == 6
    assert sorted(found) == brute_force
    many = flipped_sums(np.ones((EXACT + 8, 1)))[:, 0]
    assert (len(many), many[0]) == (DRAWS + 1, EXACT + 8)
    assert p_of(np.full(60, -1.0)) == 1 / (DRAWS + 1), "never 0"
    assert (flipped_sums(np.ones((EXACT + 8, 1))) == flipped_sums(np.ones((EXACT + 8, 1)))).all()


def test_all_columns_of_a_unit_have_the_same_sign() -> None:
    values = np.random.default_rng(0).normal(size=(EXACT + 3, 1))
    both = flipped_sums(np.hstack([values, 2 * values]))
    np.testing.assert_allclose(both[:, 1], 2 * both[:, 0])


@pytest.mark.parametrize("units", [5, 9, 12])
def test_the_interval_holds_the_means_that_are_not_rejected(units: int) -> None:
    values = np.random.default_rng(units).standard_t(3, units)
    found = mean_interval(values, 0.05)
    assert found
    low, high = found
    assert low < values.mean() < high
    step = 1e-6
    assert p_of(low - step - values) <= 0.05 < p_of(low + step - values)
    assert p_of(values - high - step) <= 0.05 < p_of(values - high + step)


def test_too_few_units_have_no_interval_and_equal_ones_a_point() -> None:
    assert mean_interval(np.arange(4.0), 0.05) is None
    assert mean_interval(np.full(5, 0.5), 0.05) == (0.5, 0.5)
    assert mean_interval(np.full(40, 0.5), 0.05) == (0.5, 0.5)


def test_each_end_of_the_interval_has_its_error_rate() -> None:
    draws = np.random.default_rng(0).standard_t(3, (1000, 9))
    ends = [mean_interval(row, 0.05) for row in draws]
    above = np.mean([end is not None and end[0] > 0 for end in ends])
    below = np.mean([end is not None and end[1] < 0 for end in ends])
    assert 0.03 < above < 0.065
    assert 0.03 < below < 0.065


def test_benjamini_hochberg_by_hand() -> None:
    # The table of Benjamini and Hochberg 1995, section 4.1: four of 15 are rejected at 0.05.
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    )
    p = np.append(p, [0.7590, 1.0])
    assert (benjamini_hochberg(p[::-1]) <= 0.05).sum() == 4
    assert benjamini_hochberg(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.04, 0.04])
