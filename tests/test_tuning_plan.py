"""What tuning tries: the same number of trials for each optimizer, drawn from its own ranges, and reproducible."""

from __future__ import annotations

import math
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reportgen.config import Config, ConfigError, from_values
from reportgen.optimizer import Search
from reportgen.plan import Cell, Plan, make_plan
from reportgen.trials import draw_trials

MOMENTUM = {"name": "momentum", "momentum": {"from": 0.5, "to": 0.999, "scale": "1 - log"}, "dampening": 0.0}
RMSPROP = {
    "name": "rmsprop",
    "rho": {"from": 0.1, "to": 0.9, "scale": "linear"},
    "centered": {"choices": [False, True]},
}


def planned(trials: int = 16, optimizers: tuple[object, ...] = (MOMENTUM, RMSPROP), **values: Any) -> Plan:
    """The plan of a tuned matrix with one loss."""
    return make_plan(
        Config.model_validate(
            {"losses": ["quartic"], "optimizers": list(optimizers), "tune": {"trials": trials}, **values}
        )
    )


def cells(plan: Plan, optimizer: str) -> list[Cell]:
    """The trials of an optimizer in order."""
    found = [cell for program in plan.programs for cell in program.cells if cell.optimizer == optimizer]
    return sorted(found, key=lambda cell: int(cell.cell_id.rpartition("=")[2]))


def test_each_optimizer_has_the_same_number_of_trials_and_the_first_one_has_the_defaults() -> None:
    plan = planned()
    names = {cell.optimizer for program in plan.programs for cell in program.cells}
    assert {name: len(cells(plan, name)) for name in names} == dict.fromkeys(names, 16)
    first = cells(plan, "rmsprop")[0]
    assert first.cell_id == "quartic/rmsprop/trial=0"
    assert (first.hyperparameters["rho"], first.hyperparameters["centered"]) == (0.9, False)


def test_a_second_set_of_trials_tunes_only_the_learning_rate() -> None:
    plan = planned(optimizers=("gradient_descent", MOMENTUM))
    alone = cells(plan, "momentum (learning rate only)")
    assert {cell.hyperparameters["momentum"] for cell in alone} == {0.9}
    assert len({cell.learning_rate for cell in alone}) == 16
    assert not cells(plan, "gradient_descent (learning rate only)")  # it has nothing else to tune


def test_trials_depend_on_the_seed_the_ranges_and_their_number_alone() -> None:
    plan = planned()
    assert cells(planned(optimizers=(RMSPROP, "adagrad", MOMENTUM)), "momentum") == cells(plan, "momentum")
    assert cells(planned(steps=7), "momentum") == cells(plan, "momentum")
    assert cells(planned(40), "momentum")[:16] == cells(plan, "momentum")
    assert cells(planned(starts={"seed": 1}), "momentum")[1:] != cells(plan, "momentum")[1:]


def test_a_trial_keeps_its_place_if_a_range_changes() -> None:
    plan = planned(optimizers=({**MOMENTUM, "momentum": {"from": 0.5, "to": 0.99, "scale": "1 - log"}},))
    before, after = (cells(each, "momentum")[1:] for each in (planned(), plan))
    assert [cell.learning_rate for cell in before] == [cell.learning_rate for cell in after]
    old, new = Search(0.5, 0.999, "1 - log"), Search(0.5, 0.99, "1 - log")
    places = [old.share(float(cell.hyperparameters["momentum"] or 0)) for cell in before]
    assert [new.share(float(cell.hyperparameters["momentum"] or 0)) for cell in after] == pytest.approx(
        places, abs=1e-3
    )


@pytest.mark.parametrize(("few", "many"), [(64, 128), (128, 200), (64, 300)])
def test_more_trials_leave_finished_programs_as_they_are(few: int, many: int) -> None:
    before = {program.fingerprint for program in planned(few).programs}
    after = {program.fingerprint for program in planned(many).programs}
    assert before < after


def test_values_lie_evenly_in_their_ranges() -> None:
    drawn = cells(planned(65), "rmsprop")[1:]
    values = [float(cell.hyperparameters["rho"] or 0) for cell in drawn]
    assert all(0.1 <= value <= 0.9 for value in values)
    assert sum(value < 0.5 for value in values) == 32
    rates = [cell.learning_rate for cell in drawn]
    assert all(1e-5 <= rate <= 10 for rate in rates)
    assert sum(math.log10(rate) < -2 for rate in rates) == 32
    assert sum(cell.hyperparameters["centered"] is True for cell in drawn) == 32


def test_a_choice_is_a_program_and_a_number_is_not() -> None:
    assert {program.id for program in planned().programs} == {
        "quartic/momentum",
        "quartic/rmsprop",
        "quartic/rmsprop[centered=true]",
    }


def test_a_value_in_the_config_is_not_tuned() -> None:
    fixed = planned(optimizers=({"name": "momentum", "momentum": 0.5, "dampening": 0.0},))
    assert {cell.hyperparameters["momentum"] for program in fixed.programs for cell in program.cells} == {0.5}
    assert cells(fixed, "momentum[momentum=0.5]")


def test_learning_rates_lie_between_those_of_the_config() -> None:
    plan = planned(learning_rates=[1e-3, 1e-2, 1e-1])
    rates = [cell.learning_rate for cell in cells(plan, "momentum")[1:]]
    assert 1e-3 <= min(rates) < 2e-3
    assert 5e-2 < max(rates) <= 1e-1


def test_a_wrapper_begins_with_the_learning_rate_of_the_optimizer_that_it_wraps() -> None:
    plan = planned(optimizers=("lookahead[base=adam]", "lookahead[base=prodigy]", "lookahead[base=momentum]"))
    first = {name: cells(plan, f"lookahead[base={name}]")[0].learning_rate for name in ("adam", "prodigy", "momentum")}
    assert first == {"adam": 0.001, "prodigy": 1.0, "momentum": 0.01}
    rates = [cell.learning_rate for cell in cells(plan, "lookahead[base=prodigy]")]
    assert 0.01 <= min(rates) < max(rates) <= 100


def test_an_adapted_optimizer_begins_with_the_learning_rate_of_its_framework() -> None:
    assert cells(planned(optimizers=("keras:Adam",)), "keras:Adam")[0].learning_rate == 0.001


def test_the_trials_of_the_learning_rate_alone_are_no_baseline() -> None:
    with pytest.raises(ConfigError, match="not an optimizer of the matrix"):
        planned(baseline="momentum (learning rate only)")


def test_no_two_trials_have_the_same_learning_rate() -> None:
    narrow = draw_trials({"learning_rate": Search(1.0, 1.001)}, 1.0, 40, seed=0)
    assert len({trial.learning_rate for trial in narrow}) == 40


@pytest.mark.parametrize("search", [Search(1e-8, 1e-2), Search(0.5, 0.999, "1 - log"), Search(-1.0, 3.0, "linear")])
def test_the_values_of_a_range_rise_from_its_low_to_its_high_end(search: Search) -> None:
    values = [float(search.value(share / 50)) for share in range(50)]
    assert values[0] == pytest.approx(search.low)
    assert values[-1] <= search.high
    assert all(low < high for low, high in pairwise(values))
    assert [search.share(value) for value in values] == pytest.approx([share / 50 for share in range(50)], abs=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tune = { trials = 1 }", "tune.trials = 1: expected 0, or at least 2 trials"),
        ("tune = { trails = 8 }", 'tune.trails = 8: unknown key; expected one of: trials. Did you mean "trials"?'),
        ("tune = { trials = 8 }\nlearning_rates = [0.1]", "learning_rates = 0.1: found one learning rate"),
        (
            'tune = { trials = 8 }\noptimizers = [{ name = "adam", learning_rates = [0.1] }]',
            "optimizers[0].learning_rates = 0.1: found one learning rate",
        ),
        ('optimizers = [{ name = "adam", beta_1 = { from = 0.5 } }]', "expected both from and to"),
        ('optimizers = [{ name = "adam", beta_1 = { to = 0.5, choices = [1] } }]', "expected either from and to"),
        (
            'optimizers = [{ name = "adam", beta_1 = { from = 0.9, to = 0.1 } }]',
            "expected a range from a lower to a higher value, found 0.9 to 0.1",
        ),
        (
            'optimizers = [{ name = "adam", beta_1 = { from = -0.5, to = 0.9, scale = "linear" } }]',
            "expected a value >= 0",
        ),
        ('optimizers = [{ name = "adam", beta = { from = 1, to = 2 } }]', 'adam has no hyperparameter "beta"'),
        (
            'optimizers = [{ name = "lookahead", base = { choices = ["adam", "momentum"] } }]',
            "optimizers[0].base: selects an optimizer and cannot be tuned; write an entry for each",
        ),
        (
            'optimizers = [{ name = "lookahead", k = { from = 2, to = 20 } }]',
            "optimizers[0].k: expected a list of values, such as { choices = [5] }",
        ),
        ('optimizers = [{ name = "adam", beta_1 = { from = 0.1, till = 0.2 } }]', "beta_1.till = 0.2: unknown key"),
    ],
)
def test_a_search_that_cannot_be_made_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_values(tomllib.loads(text), Path())
    (problem,) = caught.value.problems
    assert message in problem
