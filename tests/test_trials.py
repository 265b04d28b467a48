"""Runs as arrays: what is drawn and left out together, and where each number comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import handmade
import numpy as np
import pytest

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.ranking import leaderboard
from reportgen.analysis.rate_rule import best_places
from reportgen.analysis.run_table import run_table
from reportgen.analysis.trials import MOST_UNITS, Trials

INF = np.inf


def only(columns: dict[str, Any], **options: Any) -> Trials:
    (found,) = run_table(handmade.results(columns, **options)).trials.values()
    return found


def test_runtimes_are_in_gradient_evaluations_by_rate_start_and_target() -> None:
    one = only(
        {
            "learning_rate": [0.1, 1.0, 0.1, 1.0],
            "start": [1, 1, 0, 0],
            "hit_1e-01": [10, 20, None, 30],
            "hit_1e-02": [15, None, None, 40],
            "gradient_evaluations": [200] * 4,
        },
        targets=(0.1, 0.01),
    )
    assert one.rates[0].tolist() == [0.1, 1.0]
    # Start 0 first, each with its two targets; two evaluations per step.
    assert one.times[0].tolist() == [[INF, INF, 20, 30], [60, 80, 40, INF]]
    assert one.complete == (True,)
    assert one.random_units == 0  # a single random start cannot vary


def test_random_starts_are_units_with_all_their_seeds_and_fixed_ones_follow() -> None:
    start, seed = (part.ravel() for part in np.mgrid[0:5, 0:2])
    one = only({"start": start, "seed": seed}, random=3, noisy=["bowl"])
    assert one.unit.tolist() == [3, 3, 0, 0, 1, 1, 2, 2, 4, 4]
    assert (one.random_units, one.units, one.draws, one.noun) == (3, 5, 3, "random start")


def test_without_random_starts_the_seeds_of_a_loss_with_noise_are_drawn() -> None:
    start, seed = (part.ravel() for part in np.mgrid[0:2, 0:3])
    noisy = only({"start": start, "seed": seed}, random=0, noisy=["bowl"])
    assert noisy.unit.tolist() == [0, 1, 2, 0, 1, 2]
    assert (noisy.random_units, noisy.draws, noisy.noun) == (3, 3, "noise seed")
    still = only({"start": start, "seed": seed}, random=0)
    assert still.unit.tolist() == [0, 0, 0, 1, 1, 1]
    assert (still.random_units, still.draws) == (0, 0)


def test_many_starts_are_drawn_in_groups() -> None:
    one = only({"start": np.arange(201), "hit_1e-01": [10, None, 10] * 67}, random=200)
    assert (one.random_units, one.units, one.draws) == (MOST_UNITS, MOST_UNITS + 1, 200)
    assert np.bincount(one.unit).tolist() == [4] * 8 + [3] * 56 + [1]


def test_a_missing_run_counts_as_the_worst() -> None:
    made = handmade.results({"learning_rate": [0.1, 0.1, 1.0], "start": [1, 2, 1], "hit_1e-01": [10, 10, 5]})
    (one,) = run_table(made).trials.values()
    assert one.complete == (False,)
    assert one.times[0].tolist() == [[10, 10], [5, INF]]
    assert best_places(one.rule[0], np.ones((1, 2))).tolist() == [0]


def test_an_optimizer_without_runs_on_a_loss_hits_nothing_there() -> None:
    columns = {"loss": ["a", "a", "b"], "optimizer": ["adam", "sgd", "adam"], "hit_1e-01": [5, 6, 7]}
    table = run_table(handmade.results(columns))
    board = leaderboard(table, table.cells, ["adam", "sgd"])
    assert board is not None
    assert board.hit_rates.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("seed", range(3))
def test_the_rate_of_the_trials_is_that_of_the_table_of_configurations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loss, rate, start = (part.ravel() for part in np.mgrid[0:6, 0:5, 0:4])
    hit = np.where(rng.random(len(loss)) < 0.4, rng.integers(1, 4, len(loss)), np.nan)
    outcome = np.where(rng.random(len(loss)) < 0.2, "diverged", "exhausted")
    columns = {"loss": np.char.add("l", loss.astype(str)), "learning_rate": 10.0**-rate, "start": start}
    made = handmade.results(columns | {"hit_1e-01": hit, "outcome": outcome, "gap": rng.integers(1, 3, len(loss))})
    table = run_table(made)
    chosen = [
        float(each.rates[0][best_places(each.rule[0], np.ones((1, each.units)))[0]]) for each in table.trials.values()
    ]
    assert chosen == best_cells(table.cells)["learning_rate"].tolist()
    shuffled = replace(made, runs=made.runs.sample(frac=1, random_state=seed).reset_index(drop=True))
    assert best_cells(run_table(shuffled).cells)["learning_rate"].tolist() == chosen
