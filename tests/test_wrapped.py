"""Wrappers and schedules in a configuration: syntax, labels and programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import programs
import pytest

from reportgen.config import Config, load
from reportgen.plan import Plan, make_plan

SPELLINGS = [
    '{ name = "lookahead", base = "adam[beta_2=0.99]", k = 6 }',
    '{ name = "lookahead", base = { name = "adam", beta_2 = 0.99 }, k = 6 }',
    '{ name = "lookahead", base = "adam", "base.beta_2" = 0.99, k = 6 }',
    '"lookahead[base=adam[beta_2=0.99],k=6]"',
    '"lookahead[base=adam,base.beta_2=0.99,k=6]"',
]


def plan(folder: Path, optimizers: str) -> Plan:
    (folder / "reportgen.toml").write_text(f"optimizers = [{optimizers}]\nlosses = ['beale']\nlearning_rates = [0.1]")
    return make_plan(load(None, folder=folder, environ={}))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_wrapper_is_the_same_optimizer(spelling: str, tmp_path: Path) -> None:
    (label,) = plan(tmp_path, spelling).optimizers
    assert set(label.removeprefix("lookahead[").removesuffix("]").split(",")) == {
        "base=adam",
        "base.beta_2=0.99",
        "k=6",
    }
    assert list(plan(tmp_path, f'"{label}"').optimizers) == [label]


def test_a_label_always_names_the_base() -> None:
    config = Config.model_validate({"optimizers": ["lookahead"], "losses": ["beale"]})
    (label,) = make_plan(config).optimizers
    assert label == "lookahead[base=momentum]"


def test_values_of_the_base_are_rows_of_one_program_and_other_bases_other_programs(tmp_path: Path) -> None:
    values = '{ name = "lookahead", base = { name = "adam", beta_2 = [0.9, 0.99] } }'
    bases = '{ name = "clip", base = ["adam", "adagrad"] }'
    merged = plan(tmp_path, f"{values}, {bases}")
    assert [len(program.cells) for program in merged.programs] == [2, 1, 1]
    assert len(merged.optimizers) == 4


@pytest.mark.slow
def test_a_hyperparameter_of_the_base_reaches_it() -> None:
    settings = {"steps": 20, "dtype": "float64"}
    optimizers = [{"name": "clip", "norm": 1e9, "base": {"name": "adam", "beta_2": [0.9, 0.999]}}]
    wrapped = programs.run("beale", "", (0.1,), optimizers=optimizers, **settings)
    plain = programs.run("beale", "", (0.1,), optimizers=[{"name": "adam", "beta_2": [0.9, 0.999]}], **settings)
    np.testing.assert_array_equal(wrapped.final_x, plain.final_x)


@pytest.mark.slow
def test_a_plug_in_can_be_wrapped_and_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    rule = (
        "from dataclasses import dataclass\nfrom reportgen.optimizer import Optimizer\n"
        "@dataclass(frozen=True)\nclass Mine(Optimizer):\n"
        "    def step(self, x, state, problem):\n"
        "        return x - problem.learning_rate * problem.value_and_gradient(x)[1], state\n"
    )
    (tmp_path / "mine.py").write_text(rule)
    label = "clip[base=mine.py:Mine,norm=1000000000.0]"
    wrapped = programs.run("beale", label, (1e-3,), steps=20, base=tmp_path)
    np.testing.assert_array_equal(wrapped.final_x, programs.run("beale", "gradient_descent", (1e-3,), steps=20).final_x)
    before = programs.program("beale", label, (1e-3,), base=tmp_path).fingerprint
    (tmp_path / "mine.py").write_text(rule + "# edited\n")
    assert programs.program("beale", label, (1e-3,), base=tmp_path).fingerprint != before


@pytest.mark.slow
def test_a_schedule_adds_a_row_and_changes_the_run() -> None:
    label = "adam[schedule=cosine]"
    assert list(make_plan(Config.model_validate({"optimizers": [label]})).optimizers) == [label]
    constant = programs.run("beale", "adam", (0.1,), steps=50)
    shaped = programs.run("beale", label, (0.1,), steps=50)
    assert not np.array_equal(constant.final_x, shaped.final_x)
