"""The value of tuning, against all subsets of a small grid and tables small enough to check by eye."""

from __future__ import annotations

import itertools
from dataclasses import asdict
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

from reportgen.analysis.run_table import run_table
from reportgen.analysis.tuning_curve import SharedRate, expected_best, shared_rates, tuning_curves

SCORES = hnp.arrays(float, st.integers(1, 7), elements=st.floats(0, 1))


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


def test_scores_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite scores"):
        expected_best(np.array([1.0, np.inf]))


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


def shared_rate(*hit_rates: dict[float, float]) -> SharedRate:
    """The shared learning rate of one optimizer, from its hit rates by learning rate, for each loss."""
    rows = [("adam", f"l{i}", rate, share) for i, loss in enumerate(hit_rates) for rate, share in loss.items()]
    (found,) = shared_rates(pd.DataFrame(rows, columns=["optimizer", "loss", "learning_rate", "hit_rate"]))
    return found


def test_one_rate_for_all_losses_loses_against_tuning_on_each() -> None:
    found = shared_rate({0.01: 1.0, 0.1: 0.8, 1.0: 0.0}, {0.01: 0.0, 0.1: 0.7, 1.0: 0.9})
    assert asdict(found) == {
        "optimizer": "adam",
        "learning_rate": 0.1,
        "hit_rate": 0.75,
        "tuned": pytest.approx(0.95),
        "worst_loss": "l0",
        "worst": pytest.approx(0.2),
    }
    assert found.lost == pytest.approx(0.2)


def test_equal_rates_fall_to_the_smallest_though_sums_round() -> None:
    shares = [{0.1: 0.1, 1.0: 0.3}, {0.1: 0.2, 1.0: 0.2}, {0.1: 0.3, 1.0: 0.1}]
    assert shared_rate(*shares).learning_rate == 0.1
    assert shared_rate(*shares[::-1]).learning_rate == 0.1


def test_a_rate_that_was_not_tried_on_a_loss_hit_nothing_there() -> None:
    found = shared_rate({0.1: 0.5, 1.0: 0.6}, {0.1: 0.5})
    assert (found.learning_rate, found.hit_rate, found.lost) == (0.1, 0.5, pytest.approx(0.05))


def test_one_rate_that_is_best_everywhere_has_no_worst_loss() -> None:
    found = shared_rate({0.1: 0.5, 1.0: 0.4}, {0.1: 1.0, 1.0: 0.9})
    assert (found.lost, found.worst_loss, found.worst) == (0, "", 0)


def test_lost_and_missing_cells_leave_no_nan() -> None:
    made = synthetic.results(rates=(1e-3, 1e-1, 1.0), starts=4, steps=60, failed=[("beale", "adam")])
    table = run_table(made).cells
    curves = tuning_curves(run_table(made), "steps")
    shared = shared_rates(table[1:])
    assert [each.optimizer for each in shared] == list(synthetic.OPTIMIZERS)
    assert not curves.isna().any(axis=None)
    for each in shared:
        assert np.isfinite([each.learning_rate, each.hit_rate, each.tuned, each.lost, each.worst]).all()
        assert each.lost >= 0
        assert each.worst >= each.lost - 1e-12
    assert curves.groupby(["loss", "optimizer"])["rates"].agg(list).map(lambda k: k == [1, 2, 3]).all()
    dead = curves[(curves["loss"] == "beale") & (curves["optimizer"] == "adam")]
    assert dead["expected"].tolist() == [0, 0, 0]
    assert dead["budget"].tolist() == [240, 480, 720]
    best = table.groupby(["loss", "optimizer"], sort=False)["hit_rate"].max()
    assert curves.groupby(["loss", "optimizer"], sort=False)["expected"].last().to_numpy() == pytest.approx(
        best.to_numpy()
    )
