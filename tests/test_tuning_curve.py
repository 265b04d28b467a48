"""The value of tuning, against all subsets of a small grid and tables small enough to check by eye."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import Any

import handmade
import numpy as np
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from tried import trials

from reportgen.analysis.run_table import run_table
from reportgen.analysis.tuning_curve import SharedRate, best_of, shared_rates, tuning_curves

INF = np.inf
SCORES = hnp.arrays(float, st.integers(1, 7), elements=st.floats(0, 1))


def expected_best(scores: Any) -> Any:
    return np.sort(scores) @ best_of(len(scores))


@given(SCORES)
def test_the_expected_best_is_the_mean_over_all_subsets(scores: Any) -> None:
    n = len(scores)
    by_hand = [np.mean([max(some) for some in itertools.combinations(scores, k)]) for k in range(1, n + 1)]
    assert expected_best(scores) == pytest.approx(by_hand)


@given(SCORES)
def test_more_tries_are_never_worse_and_all_are_the_best(scores: Any) -> None:
    found = expected_best(scores)
    assert (np.diff(found) >= -1e-12).all()
    assert found[0] == pytest.approx(scores.mean())
    assert found[-1] == pytest.approx(scores.max())
    assert expected_best(scores[::-1]) == pytest.approx(found)


def test_the_chance_that_the_best_is_among_k_tries_is_hypergeometric() -> None:
    n = 300
    one_good = np.eye(1, n)[0]
    assert expected_best(one_good) == pytest.approx(stats.hypergeom.sf(0, n, 1, np.arange(1, n + 1)))
    three_good = (np.arange(n) < 3).astype(float)
    assert expected_best(three_good) == pytest.approx(stats.hypergeom.sf(0, n, 3, np.arange(1, n + 1)))


def test_a_curve_tells_what_k_rates_cost_and_reach() -> None:
    made = handmade.results(
        {
            "learning_rate": [0.1, 0.1, 1.0, 1.0],
            "start": [0, 1, 0, 1],
            "steps": [100, 100, 100, 20],
            "gradient_evaluations": [200, 200, 200, 40],
            "outcome": ["solved", "solved", "exhausted", "diverged"],
            "hit_1e-01": [10, 20, None, None],
        }
    )
    curve = tuning_curves(run_table(made), "gradient_evaluations")
    assert curve["rates"].tolist() == [1, 2]
    assert curve["expected"].tolist() == [0.5, 1]
    # A rate costs (400 + 240) / 2 in the mean.
    assert curve["budget"].tolist() == [320, 640]
    assert tuning_curves(run_table(made), "steps")["budget"].tolist() == [160, 320]


def shared_rate(*losses: list[list[float]]) -> SharedRate:
    """The shared learning rate of one optimizer, from its steps to the only target, [rates, starts] for each loss."""
    (found,) = shared_rates([trials({"adam": t}, f"l{place}") for place, t in enumerate(losses)], ["adam"])
    return found


def test_one_rate_for_all_losses_loses_against_tuning_on_each() -> None:
    found = shared_rate([[5] * 4, [5, 5, 5, INF], [INF] * 4], [[INF] * 4, [INF, 5, 5, 5], [5] * 4])
    assert asdict(found) == {"optimizer": "adam", "learning_rate": 0.01, "hit_rate": 0.75, "tuned": 0.875}
    # Without the start that 0.01 misses, the second loss has a tie, which the smaller rate wins.
    assert found.lost == 0.125


def test_where_two_rates_tie_over_the_losses_the_smaller_one_is_shared() -> None:
    opposite = shared_rate([[5] * 4, [INF] * 4], [[INF] * 4, [5] * 4])
    assert (opposite.learning_rate, opposite.hit_rate, opposite.tuned) == (0.01, 0.5, 1.0)


def test_a_shared_rate_is_judged_on_other_starts_too() -> None:
    lucky = [[5, INF, INF], [INF, 5, INF], [INF, INF, 5]]
    found = shared_rate(lucky)
    assert (found.hit_rate, found.tuned) == (0, 0)


def test_what_was_not_tried_on_every_loss_at_the_same_rates_has_no_shared_rate() -> None:
    two, one = trials({"adam": [[5, 5], [5, 5]]}), trials({"adam": [[5, 5]]}, "other")
    assert shared_rates([two, one], ["adam"]) == []
    assert shared_rates([two, two], ["sgd"]) == []
    assert shared_rates([], ["adam"]) == []


def test_lost_and_missing_cells_leave_no_nan() -> None:
    made = synthetic.results(rates=(1e-3, 1e-1, 1.0), starts=4, steps=60, failed=[("beale", "adam")])
    curves = tuning_curves(run_table(made), "steps")
    shared = shared_rates(list(run_table(made).trials.values()), synthetic.OPTIMIZERS)
    assert [each.optimizer for each in shared] == list(synthetic.OPTIMIZERS)
    assert not curves.isna().any(axis=None)
    for each in shared:
        assert np.isfinite([each.learning_rate, each.hit_rate, each.tuned, each.lost]).all()
    assert curves.groupby(["loss", "optimizer"])["rates"].agg(list).map(lambda k: k == [1, 2, 3]).all()
    dead = curves[(curves["loss"] == "beale") & (curves["optimizer"] == "adam")]
    assert dead["expected"].tolist() == [0, 0, 0]
    assert dead["budget"].tolist() == [240, 480, 720]
    cross_fitted = curves.groupby(["optimizer"], sort=False)["expected"].nth(2 + 3 * np.arange(3))
    assert cross_fitted.to_numpy().reshape(3, -1).mean(axis=0) == pytest.approx([each.tuned for each in shared])
