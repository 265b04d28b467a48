"""What tuning achieved, on runs with a known best value: expected results, importance, ranges, and the best trial."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import handmade
import numpy as np
import pytest
from tried import trials

from reportgen.analysis.cross_fitting import all_resamples, cross_fit
from reportgen.analysis.importance import explained_variance
from reportgen.analysis.lead import hit_lead
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.run_table import run_table
from reportgen.analysis.tuning_study import TunedOptimizer, tuning_study
from reportgen.optimizer import Search
from reportgen.results.manifest import HyperparameterInfo, OptimizerInfo
from reportgen.trials import Trial, draw_trials

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
RATES = Search(1e-4, 1.0, source="a test")
DECAY = Search(0.5, 0.999, "1 - log", source="a test")
SWITCH = Search(choices=(False, True), source="a test")
SPACE = {"learning_rate": RATES, "decay": DECAY, "switch": SWITCH}
DEFAULTS: dict[str, bool | float] = {"decay": 0.9, "switch": False}
TARGETS = (1e-1, 1e-2, 1e-3, 1e-4)

Decades = Callable[[float, Mapping[str, bool | float]], float]
"""How many decades below its start a run ends, by learning rate and hyperparameters."""


def study(decades: Decades, size: int = 64, starts: int = 8) -> TunedOptimizer:
    """The study of one optimizer whose runs end where ``decades`` says, each start up to half a decade higher."""
    tried = {
        "rule": draw_trials(SPACE, 0.01, size, 0),
        "alone": draw_trials({"learning_rate": RATES}, 0.01, size, 0),
    }
    rows = [
        (label, number, trial, start, decades(trial.learning_rate, DEFAULTS | dict(trial.values)) - start / 16)
        for label, drawn in tried.items()
        for number, trial in enumerate(drawn)
        for start in range(1, starts + 1)
    ]
    made = handmade.results(
        {
            "optimizer": [label for label, *_ in rows],
            "learning_rate": [trial.learning_rate for _, _, trial, _, _ in rows],
            "start": [start for *_, start, _ in rows],
            "gap": [10.0**-depth for *_, depth in rows],
            "hyperparameters": [json_of(trial) for _, _, trial, _, _ in rows],
            **{f"hit_{t:.0e}": [10 if depth >= -np.log10(t) - 1e-9 else None for *_, depth in rows] for t in TARGETS},
        },
        targets=TARGETS,
        random=starts,
    )
    names = [f"bowl/{label}/trial={number}" for label, number, *_ in rows]
    table = run_table(replace(made, runs=made.runs.assign(cell_id=names)))
    (found,) = tuning_study(table, [info("rule"), info("alone", rate_only_of="rule")], ["bowl"])
    return found


def json_of(trial: Trial) -> str:
    return json.dumps(DEFAULTS | dict(trial.values))


def info(label: str, rate_only_of: str = "") -> OptimizerInfo:
    searched = {} if rate_only_of else {name: each for name, each in SPACE.items() if name != "learning_rate"}
    items = tuple(HyperparameterInfo(name, value, value, search=searched.get(name)) for name, value in DEFAULTS.items())
    return OptimizerInfo(
        label, "rule", label, hyperparameters=items, learning_rate_search=RATES, rate_only_of=rate_only_of
    )


def decay_decides(_rate: float, values: Mapping[str, bool | float]) -> float:
    """Best at a decay of 0.97."""
    return 4.6 - 6 * abs(DECAY.share(float(values["decay"])) - DECAY.share(0.97))


@pytest.fixture(scope="module")
def simulation() -> Iterator[dict[str, Any]]:
    """``benchmarks/tuning_error_rates.py``, which imports from its neighbour."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield runpy.run_path(str(BENCHMARKS / "tuning_error_rates.py"))


@cache
def decided() -> TunedOptimizer:
    return study(decay_decides)


def test_the_planted_best_value_is_found() -> None:
    found = decided()
    assert found.importances[0].name == "decay"
    shares = {each.name: each.explained for each in found.importances}
    assert shares["decay"] is not None
    assert shares["decay"] > 0.8
    assert shares["learning_rate"] is not None
    assert shares["learning_rate"] < 0.3
    low, high = found.importances[0].best
    assert 0.93 < float(low) < 0.97 < float(high) < 0.99
    assert 0.95 < float(found.configurations[0].values["decay"] or 0) < 0.98
    assert found.best["bowl"] == found.configurations[0]


def test_tuning_only_the_learning_rate_gains_nothing_if_it_does_not_matter() -> None:
    found = decided()
    assert found.rate_only.expected == pytest.approx(np.full(64, found.default.value))
    assert found.everything.expected[-1] > found.default.value + 0.1


def test_more_trials_are_expected_to_be_better_and_tell_how_many_are_needed() -> None:
    curve = decided().everything
    assert (
        np.diff(curve.expected[:16]) > 0
    ).all()  # with more trials, the choice by the other starts can cost a little
    assert curve.shown == [1, 2, 4, 8, 16, 32, 64]
    needed = curve.trials_for(0.5)
    assert needed is not None
    assert curve.expected[needed - 1] >= 0.5
    assert needed == 1 or curve.expected[needed - 2] < 0.5
    assert curve.trials_for(1.01) is None


def test_a_choice_can_decide_and_its_best_value_is_named() -> None:
    found = study(lambda _, values: 4.9 if values["switch"] else 1.5)
    top = found.importances[0]
    assert (top.name, top.best) == ("switch", (True,))
    assert top.explained == pytest.approx(1.0)
    assert found.configurations[0].values["switch"] is True


def test_a_learning_rate_that_decides_needs_no_other_tuning() -> None:
    found = study(lambda rate, _: 4.9 - 3 * abs(np.log10(rate) + 1))
    assert found.importances[0].name == "learning_rate"
    assert found.rate_only.expected[-1] == pytest.approx(found.everything.expected[-1], abs=0.1)


def test_intervals_hold_the_estimate_and_need_random_starts() -> None:
    score = decided().everything.at(64)
    assert score.interval is not None
    assert score.interval[0] <= score.value <= score.interval[1]
    assert study(decay_decides, size=8, starts=3).everything.at(8).interval is None


def test_explained_variance_is_that_of_an_analysis_of_variance() -> None:
    from scipy import stats

    random = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 20)
    ranks = group * 0.7 + random.standard_normal(60)
    f = stats.f_oneway(*(ranks[group == at] for at in range(3))).statistic
    plain = f * 2 / (f * 2 + 57)  # R², from the F statistic
    assert explained_variance(group, ranks[np.newaxis]) == pytest.approx(1 - (1 - plain) * 59 / 57)
    noise = [explained_variance(group, random.standard_normal((1, 60))) or 0.0 for _ in range(200)]
    assert np.mean(noise) < 0.03
    assert explained_variance(np.zeros(60, int), ranks[np.newaxis]) is None
    assert explained_variance(group, np.ones((1, 60))) is None


def test_copies_of_an_optimizer_are_not_told_apart_by_tuning(simulation: dict[str, Any]) -> None:
    case, report = simulation["Case"], simulation["report"]
    random = np.random.default_rng(0)
    fitted = [report(case(trials=8, unused=6, losses=3), random, 400)[0] for _ in range(100)]
    # The bound of 5 % plus three standard errors of 100 reports.
    assert np.mean(fitted) <= 0.115


def test_intervals_of_tuning_hold_the_true_numbers(simulation: dict[str, Any]) -> None:
    # The bound of 95 % minus three standard errors of 200 reports.
    assert min(simulation["coverage"](trials=16, losses=3, reports=200)) >= 0.90


def test_a_lead_that_hangs_on_one_lucky_trial_is_not_significant_under_tuning() -> None:
    never = np.inf
    lucky = np.full((16, 9), never)
    lucky[5] = 10.0  # one trial hits the target from every start
    steady = np.where(np.arange(16)[:, np.newaxis] % 2 == 0, 10.0, never) * np.ones(9)
    bad = np.full((16, 9), never)
    losses = [trials({"lucky": lucky, "steady": steady, "bad": bad}, loss=name) for name in ("one", "two")]
    drawn = all_resamples(losses, 2000)
    fits = tuple(cross_fit(each, drawn[each.loss]) for each in losses)
    plain, tuned = (hit_lead(Leaderboard(losses[0].names, fits, each)) for each in (False, True))
    assert plain.is_significant(0, 2)
    assert not tuned.is_significant(0, 2)
    assert tuned.is_significant(1, 2)  # whatever is drawn, half of its trials hit the target
