"""What optimizers declare for tuning: built-in ranges are valid and contain the defaults; plug-ins may have others."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import catalogue
from reportgen.config import from_values
from reportgen.optimizer import Hyperparameter, Search, hyperparameters
from reportgen.plan import Plan, make_plan

NAMES = sorted(catalogue.optimizers())
SEARCHED = {
    f"{name}.{item.name}": item
    for name in NAMES
    for item in hyperparameters(catalogue.optimizers()[name]).values()
    if item.search
}
UNTUNED = {
    "adabelief.epsilon_root",
    "adafactor.epsilon_1",
    "sophia.epsilon",
    *(f"{name}.weight_decay" for name in ("adamw", "adan", "lamb", "lars", "lion", "schedule_free_adamw")),
    "ftrl.l1",
    "ftrl.l2",
}
"""Numbers that tuning leaves alone: penalties, which move the minimum, and terms that only avoid division by zero."""

MINE = """
from dataclasses import dataclass
from typing import ClassVar
from reportgen.optimizer import Optimizer, Search, hyperparameter

@dataclass(frozen=True)
class Mine(Optimizer):
    default_learning_rate: ClassVar[float | None] = 0.25
    learning_rate_search: ClassVar[Search] = Search(0.1, 1.0)
    scale: float = hyperparameter(2.0, low=0, search=Search(1.0, 4.0, "linear"))
    signed: bool = hyperparameter(False, search=Search(choices=(False, True)))
    other: float = hyperparameter(0.5)

    def step(self, x, state, problem):
        return x, state
"""


def contains(search: Search, value: object) -> bool:
    """Whether tuning could try a value, with the ends of a range."""
    if search.choices:
        return value in search.choices
    return isinstance(value, float) and search.low <= value <= search.high


def planned(entry: object, folder: Path = Path()) -> Plan:
    """The plan of one tuned optimizer on one loss."""
    return make_plan(from_values({"losses": ["quartic"], "optimizers": [entry], "tune": {"trials": 16}}, folder))


@pytest.mark.parametrize("item", SEARCHED.values(), ids=SEARCHED)
def test_a_range_is_valid_contains_the_default_and_has_a_source(item: Hyperparameter) -> None:
    search = item.search
    assert search
    assert contains(search, item.default)
    ends = search.choices or (search.low, search.high)
    assert [item.validation_error(value) for value in ends] == [None] * len(ends)
    assert len(set(ends)) == len(ends) > 1
    assert search.source


@pytest.mark.parametrize("name", NAMES)
def test_a_learning_rate_range_has_a_source_and_contains_the_default(name: str) -> None:
    kind = catalogue.optimizers()[name]
    search, rate = kind.learning_rate_search, kind.default_learning_rate
    assert search.source
    assert search.low > 0
    assert contains(search, 0.01 if rate is None else rate)


def test_every_number_is_tuned_but_penalties_and_safeguards() -> None:
    numbers = {
        f"{name}.{item.name}"
        for name in NAMES
        for item in hyperparameters(catalogue.optimizers()[name]).values()
        if isinstance(item.default, float)
    }
    assert len(numbers) > 80
    assert numbers - set(SEARCHED) == UNTUNED


def test_documented_learning_rates_are_those_of_the_sources() -> None:
    rates = {name: kind.default_learning_rate for name, kind in catalogue.optimizers().items()}
    documented = {"adam": 0.001, "adamw": 0.001, "adamax": 0.002, "rmsprop": 0.001, "adadelta": 1.0, "lion": 0.0001}
    documented |= {"prodigy": 1.0, "dog": 1.0, "rprop": 0.01, "newton": 1.0}
    assert rates.items() >= documented.items()
    without = {
        "aggmo",
        "clip",
        "gradient_descent",
        "lars",
        "lookahead",
        "momentum",
        "nesterov",
        "sam",
        "signsgd",
        "signum",
    }
    assert {name for name, rate in rates.items() if rate is None} == without


@pytest.mark.parametrize("name", NAMES)
def test_tuning_keeps_every_optimizer_in_its_ranges(name: str) -> None:
    kind = catalogue.optimizers()[name]
    cells = [cell for program in planned(name).programs for cell in program.cells if cell.optimizer.startswith(name)]
    first = next(cell for cell in cells if cell.cell_id.endswith("/trial=0"))
    assert first.learning_rate == (kind.default_learning_rate or 0.01)
    declared = catalogue.declared_hyperparameters(kind, {}, Path())
    *_, innermost = catalogue.wrapped_classes(kind, {}, Path())
    rates = innermost.learning_rate_search
    for cell in cells:
        assert rates.low <= cell.learning_rate <= rates.high
        for key, value in cell.hyperparameters.items():
            search = declared[key].search
            assert contains(search, value) if search else value == declared[key].default


def test_the_range_of_a_plug_in_is_tuned(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    plan = planned("mine.py:Mine", tmp_path)
    cells = [cell for program in plan.programs for cell in program.cells if cell.optimizer == "mine.py:Mine"]
    assert len(cells) == 16
    first = next(cell for cell in cells if cell.cell_id.endswith("/trial=0"))
    assert (first.learning_rate, first.hyperparameters["scale"], first.hyperparameters["signed"]) == (0.25, 2.0, False)
    assert {cell.hyperparameters["other"] for cell in cells} == {0.5}
    assert {cell.hyperparameters["signed"] for cell in cells} == {False, True}
    scales = [float(cell.hyperparameters["scale"] or 0) for cell in cells]
    assert 1 <= min(scales) < 2 < 3 < max(scales) <= 4
    assert all(0.1 <= cell.learning_rate <= 1 for cell in cells)


def test_wrapped_hyperparameters_are_tuned_under_dotted_names() -> None:
    plan = planned({"name": "lookahead", "base": "adam"})
    label = "lookahead[base=adam]"
    cells = [cell for program in plan.programs for cell in program.cells if cell.optimizer == label]
    assert {cell.hyperparameters["k"] for cell in cells} == {5, 10}
    assert len({cell.hyperparameters["base.beta_1"] for cell in cells}) == 16
    alone = plan.optimizers[f"{label} (learning rate only)"]
    assert alone.tuning
    assert set(alone.tuning.space) == {"learning_rate"}
    tuned = plan.optimizers[label].tuning
    assert tuned
    assert set(tuned.space) == {"learning_rate", "k", "alpha", "base.beta_1", "base.beta_2", "base.epsilon"}


@pytest.mark.parametrize(
    ("line", "wrong", "reason"),
    [
        ("= 0.25", '= "fast"', "default_learning_rate: expected a number above 0, found 'fast'"),
        ("= 0.25", "= -1", "default_learning_rate: expected a number above 0, found -1"),
        (
            "= Search(0.1, 1.0)",
            "= (0.1, 1.0)",
            "learning_rate_search: expected a Search such as Search(1e-8, 1e-2), found (0.1, 1.0)",
        ),
        (
            'search=Search(1.0, 4.0, "linear")',
            "search=(1.0, 4.0)",
            'hyperparameter "scale": search: expected a Search such as Search(1e-8, 1e-2), found (1.0, 4.0)',
        ),
        (
            'Search(1.0, 4.0, "linear")',
            'Search(4.0, 1.0, "linear")',
            "ValueError: expected a range from a lower to a higher value, found 4 to 1",
        ),
        (
            'Search(1.0, 4.0, "linear")',
            'Search(1.0, 4.0, "cubic")',
            "ValueError: expected one of the scales 'log', 'linear', '1 - log', found 'cubic'",
        ),
    ],
)
def test_a_wrong_declaration_is_one_sentence(line: str, wrong: str, reason: str, tmp_path: Path) -> None:
    assert line in MINE
    (tmp_path / "mine.py").write_text(MINE.replace(line, wrong))
    with pytest.raises(catalogue.BrokenPluginError) as caught:
        catalogue.find_optimizer("mine.py:Mine", tmp_path)
    assert caught.value.reason.startswith(reason)
    assert "\n" not in caught.value.reason
