"""Wrappers and schedules in a config: how they are written, labelled, and put into programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import programs
import pytest

from reportgen.config import Config, load
from reportgen.plan import Plan, make_plan

WAYS = [
    '{ name = "lookahead", base = "adam[beta_2=0.99]", k = 6 }',
    '{ name = "lookahead", base = { name = "adam", beta_2 = 0.99 }, k = 6 }',
    '{ name = "lookahead", base = "adam", "base.beta_2" = 0.99, k = 6 }',
    '"lookahead[base=adam[beta_2=0.99],k=6]"',
    '"lookahead[base=adam,base.beta_2=0.99,k=6]"',
]


def plan(folder: Path, optimizers: str) -> Plan:
    (folder / "reportgen.toml").write_text(f"optimizers = [{optimizers}]\nlosses = ['beale']\nlearning_rates = [0.1]")
    return make_plan(load(None, folder=folder, environ={}))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_a_wrapper_is_the_same_optimizer(way: str, tmp_path: Path) -> None:
    (label,) = plan(tmp_path, way).optimizers
    assert set(label.removeprefix("lookahead[").removesuffix("]").split(",")) == {
        "base=adam",
        "base.beta_2=0.99",
        "k=6",
    }
    assert list(plan(tmp_path, f'"{label}"').optimizers) == [label]


def test_what_is_wrapped_is_always_told() -> None:
    asked = Config.model_validate({"optimizers": ["lookahead"], "losses": ["beale"]})
    (label,) = make_plan(asked).optimizers
    assert label == "lookahead[base=momentum]"


def test_values_of_the_base_are_rows_of_one_program_and_other_bases_other_programs(tmp_path: Path) -> None:
    values = '{ name = "lookahead", base = { name = "adam", beta_2 = [0.9, 0.99] } }'
    bases = '{ name = "clip", base = ["adam", "adagrad"] }'
    made = plan(tmp_path, f"{values}, {bases}")
    assert [len(program.cells) for program in made.programs] == [2, 1, 1]
    assert len(made.optimizers) == 4


def test_a_value_of_the_base_reaches_it() -> None:
    settings = {"steps": 20, "dtype": "float64"}
    asked = [{"name": "clip", "norm": 1e9, "base": {"name": "adam", "beta_2": [0.9, 0.999]}}]
    wrapped = programs.run("beale", "", (0.1,), optimizers=asked, **settings)
    plain = programs.run("beale", "", (0.1,), optimizers=[{"name": "adam", "beta_2": [0.9, 0.999]}], **settings)
    np.testing.assert_array_equal(wrapped.final_x, plain.final_x)


def test_a_plug_in_can_be_wrapped_and_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    rule = (
        "from dataclasses import dataclass\nfrom reportgen.optimizer import Optimizer\n"
        "@dataclass(frozen=True)\nclass Mine(Optimizer):\n"
        "    def step(self, x, state, problem):\n"
        "        return x - problem.learning_rate * problem.value_and_gradient(x)[1], state\n"
    )
    (tmp_path / "mine.py").write_text(rule)
    asked = "clip[base=mine.py:Mine,norm=1000000000.0]"
    wrapped = programs.run("beale", asked, (1e-3,), steps=20, base=tmp_path)
    np.testing.assert_array_equal(wrapped.final_x, programs.run("beale", "gradient_descent", (1e-3,), steps=20).final_x)
    before = programs.program("beale", asked, (1e-3,), base=tmp_path).fingerprint
    (tmp_path / "mine.py").write_text(rule + "# edited\n")
    assert programs.program("beale", asked, (1e-3,), base=tmp_path).fingerprint != before


def test_a_schedule_is_a_row_of_its_own_and_changes_the_run() -> None:
    label = "adam[schedule=cosine]"
    assert list(make_plan(Config.model_validate({"optimizers": [label]})).optimizers) == [label]
    constant = programs.run("beale", "adam", (0.1,), steps=50)
    shaped = programs.run("beale", label, (0.1,), steps=50)
    assert not np.array_equal(constant.final_x, shaped.final_x)
