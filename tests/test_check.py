"""``reportgen check``: right optimizers pass, each mistake fails its own check, and nothing hangs the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import PATIENCE, Hang, KeptWorker

from reportgen import checks
from reportgen.checks import CheckReport, Verdict, check, optimizer_programs
from reportgen.checks.baseline_comparison import BaselineEntry, BaselineRow
from reportgen.checks.next_step import next_step
from reportgen.checks.optimizer_checks import CHECKS
from reportgen.cli import main
from reportgen.config import ConfigError, OptimizerEntry
from reportgen.engine.foreign import verified_steps

HEAD = """
import os
import time
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from reportgen.optimizer import Optimizer, hyperparameter

"""
MISTAKES = (
    HEAD
    + """
calls = [0]


@dataclass(frozen=True)
class KeepsOnSelf(Optimizer):
    def step(self, x, state, problem):
        object.__setattr__(self, "t", getattr(self, "t", 0) + 1)
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate / self.t * gradient, state


@dataclass(frozen=True)
class KeepsInModule(Optimizer):
    def step(self, x, state, problem):
        calls[0] += 1
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate / calls[0] * gradient, state


@dataclass(frozen=True)
class Asserts(Optimizer):
    def step(self, x, state, problem):
        value, gradient = problem.value_and_gradient(x)
        tf.debugging.assert_less(value, tf.constant(1e30, x.dtype))
        return x - problem.learning_rate * gradient, state


@dataclass(frozen=True)
class AssertsWrongly(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        tf.debugging.assert_less(tf.norm(gradient), tf.constant(1e-6, x.dtype))
        return x - problem.learning_rate * gradient, state


@dataclass(frozen=True)
class ClimbsInTwo(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x + problem.learning_rate * gradient * tf.abs(x[1]), state


@dataclass(frozen=True)
class InDouble(Optimizer):
    def step(self, x, state, problem):
        return tf.cast(x, tf.float64), state


@dataclass(frozen=True)
class Dies(Optimizer):
    def step(self, x, state, problem):
        os._exit(3)


class NoOptimizer:
    pass
"""
)


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> dict[str, CheckReport]:
    """The reports on the file of mistakes, by class."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "wrong.py").write_text(MISTAKES)
    with kept_worker():
        return {done.name.partition(":")[2]: done for done in check("wrong.py", folder, PATIENCE)}


def failed(checked: CheckReport) -> dict[str, str]:
    assert checked.passed == all(verdict.passed for verdict in checked.verdicts)
    return {verdict.name: verdict.detail for verdict in checked.verdicts if not verdict.passed}


def test_every_optimizer_of_a_file_is_checked_and_nothing_else(mistakes: dict[str, CheckReport]) -> None:
    assert list(mistakes) == [
        "KeepsOnSelf",
        "KeepsInModule",
        "Asserts",
        "AssertsWrongly",
        "ClimbsInTwo",
        "InDouble",
        "Dies",
    ]


def test_state_on_self_is_named(mistakes: dict[str, CheckReport]) -> None:
    failures = failed(mistakes["KeepsOnSelf"])
    assert list(failures) == ["state"]
    assert "at step 2 of the run at learning rate 0.0001 from start 0, x[0] is " in failures["state"]
    assert "step() changes values outside of the state (self.t);" in failures["state"]


def test_state_in_the_module_is_named(mistakes: dict[str, CheckReport]) -> None:
    failures = failed(mistakes["KeepsInModule"])
    assert {"state", "batch"} <= failures.keys()
    assert "step() changes values outside of the state (calls);" in failures["state"]
    assert "it depends on other runs" in failures["batch"]


def test_assertions_are_noted_because_the_compiled_loop_ignores_them(mistakes: dict[str, CheckReport]) -> None:
    assert failed(mistakes["Asserts"]) == {}
    (note,) = [verdict for verdict in mistakes["Asserts"].verdicts if verdict.name == "state"]
    assert note.status == "note"
    assert "tf.debugging.assert" in note.detail
    failures = failed(mistakes["AssertsWrongly"])
    assert list(failures) == ["state"]
    assert "fails when run step by step without compilation: InvalidArgumentError" in failures["state"]


def test_dimension_and_descent_fail_alone(mistakes: dict[str, CheckReport]) -> None:
    failures = failed(mistakes["ClimbsInTwo"])
    assert list(failures) == ["dimensions", "descends"]
    assert mistakes["ClimbsInTwo"].comparison == ()
    assert failures["dimensions"].startswith(
        "fails in dimension 1: ValueError: slice index 1 of dimension 0 out of bounds. ("
    )
    assert "at the best learning rate (0.0001)" in failures["descends"]


def test_what_does_not_run_is_reported_with_its_reason_and_no_more(mistakes: dict[str, CheckReport]) -> None:
    assert "dtype float32: found shape (3,) and dtype float64" in failed(mistakes["InDouble"])["runs"]
    assert failed(mistakes["Dies"]) == {"runs": "its process died (exit code 3)"}
    assert [verdict.name for verdict in mistakes["Dies"].verdicts] == ["loads", "runs"]


def test_what_is_not_declared_is_a_note(mistakes: dict[str, CheckReport]) -> None:
    loads = mistakes["Dies"].verdicts[0]
    assert (loads.status, loads.passed) == ("note", True)
    assert loads.detail.endswith(": formula, source, docstring")


@pytest.mark.usefixtures("one_worker")
def test_a_wrapper_passes_and_is_compared_with_gradient_descent(tmp_path: Path) -> None:
    (checked,) = check("lookahead[base=momentum,k=2]", tmp_path, PATIENCE)
    assert failed(checked) == {}
    assert [verdict.name for verdict in checked.verdicts] == [
        *("loads", "runs", "state", "repeats", "batch", "precision", "dimensions", "descends", "gradients")
    ]
    assert checked.verdicts[-1].detail == "1 gradient evaluation per step"
    assert [row.loss for row in checked.comparison] == ["quartic", "rosenbrock", "beale"]
    for row in checked.comparison:
        assert [each.optimizer for each in row.optimizers] == ["lookahead[base=momentum,k=2]", "gradient_descent"]
        assert all(each.runs == 9 and each.learning_rate > 0 for each in row.optimizers)
    assert json.loads(json.dumps(checked.as_json()))["comparison"][0]["optimizers"][0]["runs"] == 9


@pytest.mark.usefixtures("one_worker", "brief_comparison")
@pytest.mark.parametrize("name", ["noisy_descent.py", "guide_momentum.py"])
def test_the_examples_pass(name: str) -> None:
    (checked,) = check(name, Path(__file__).parent.parent / "examples", PATIENCE)
    assert {verdict.name: verdict.detail for verdict in checked.verdicts if verdict.status != "ok"} == {}


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("what", ["optimizers/hangs.py", "optimizers/hangs.py:X"])
def test_a_file_that_hangs_costs_its_deadline_and_no_more(tmp_path: Path, what: str, hang: Hang) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "hangs.py").write_text(hang.code)
    # Only the file that hangs has to meet this deadline.
    (checked,) = check(what, tmp_path, deadline=0.5)
    assert failed(checked) == {"loads": "exceeded the deadline of 0.5 s while it was loaded"}
    with pytest.raises(ConfigError, match=r"optimizers/hangs.py cannot be read: exceeded the deadline of 0.5 s"):
        list(check("hangs", tmp_path, deadline=0.5))
    assert hang.count() <= 1  # it was not tried once more


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("adm", 'Did you mean "adam"?'),
        ("adam[beta_3=1]", 'adam has no hyperparameter "beta_3"'),
        ("adam[beta_2=2.0]", "beta_2 = 2.0: expected a value <= 1"),
        ("none.py", 'no file is called "none.py"'),
        ("none.py:X", 'no file is called "none.py"'),
        ("empty.py", "empty.py: defines no loss and no optimizer; expected "),
    ],
)
def test_wrong_usage_is_reported_and_nothing_is_run(tmp_path: Path, what: str, expected: str) -> None:
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(ConfigError) as error:
        list(check(what, tmp_path))
    assert expected in str(error.value)


@pytest.mark.usefixtures("one_worker")
def test_a_file_that_cannot_be_loaded_has_failed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (checked,) = check("broken.py:X", tmp_path)
    assert failed(checked) == {"loads": "ZeroDivisionError: division by zero (broken.py:1)"}


ROW = BaselineRow(
    "beale",
    (
        BaselineEntry("adam", learning_rate=0.1, solved=8, runs=9, gap=2e-15),
        BaselineEntry("gradient_descent", learning_rate=0.01, solved=0, runs=9, gap=None),
    ),
)
ROW_JSON = {
    "loss": "beale",
    "optimizers": [
        {"optimizer": "adam", "learning_rate": 0.1, "solved": 8, "runs": 9, "gap": 2e-15},
        {"optimizer": "gradient_descent", "learning_rate": 0.01, "solved": 0, "runs": 9, "gap": None},
    ],
}
GOOD = CheckReport("my.py:A", (Verdict("loads", "note", "no formula"), Verdict("batch", "ok", "the same")), (ROW,))
BAD = CheckReport("my.py:B", (Verdict("state", "FAILED", "x[0] is 1"),))


@pytest.fixture
def checked_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subjects that the command checks; the report is GOOD for an optimizer, and GOOD and BAD for a file."""
    names: list[str] = []

    def answer(what: str, base: Path, on_stage: object = None) -> Iterator[CheckReport]:
        assert base == Path.cwd()
        names.append(what)
        if what == "adm":
            raise ConfigError(["adm: there is no optimizer adm"])
        yield from [GOOD, BAD] if what.endswith(".py") else [GOOD]

    monkeypatch.setattr(checks, "check", answer)
    return names


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_one_line_a_check_then_the_comparison(checked_names: list[str]) -> None:
    result = invoke("my.py:A")
    assert (result.exit_code, checked_names) == (0, ["my.py:A"])
    name, loads, batch, blank, header, adam, descent = result.stdout.splitlines()
    assert (name, blank) == ("my.py:A", "")
    assert loads.split() == ["note", "loads", "no", "formula"]
    assert loads.index("no formula") == batch.index("the same")
    assert header.split() == ["loss", "optimizer", "best", "rate", "solved", "gap"]
    assert adam.split() == ["beale", "adam", "0.1", "8/9", "2.00e-15"]
    assert descent.split()[-2:] == ["0/9", "-"]


def test_a_failed_check_ends_with_1(checked_names: list[str]) -> None:
    result = invoke("my.py")
    assert result.exit_code == 1
    assert "FAILED  state" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("  Next: return everything that step() remembers")


def test_a_name_that_is_unknown_ends_with_2(checked_names: list[str]) -> None:
    result = invoke("adm")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "adm: there is no optimizer adm\n")


def test_json_is_an_object_for_one_and_a_list_for_a_file(checked_names: list[str]) -> None:
    one = json.loads(invoke("my.py:A", "--json").stdout)
    assert one == {
        "name": "my.py:A",
        "passed": True,
        "checks": [
            {"name": "loads", "passed": True, "detail": "no formula"},
            {"name": "batch", "passed": True, "detail": "the same"},
        ],
        "comparison": [ROW_JSON],
    }
    result = invoke("my.py", "--json")
    assert result.exit_code == 1
    assert [each["passed"] for each in json.loads(result.stdout)] == [True, False]


def test_colours_are_optional(checked_names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in invoke("my.py").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m\x1b[1mFAILED" in invoke("my.py").stdout
    assert "\x1b[" not in invoke("my.py", "--no-color").stdout


@pytest.mark.usefixtures("one_worker")
def test_an_optimizer_that_evaluates_the_loss_in_each_step_gets_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    # Python makes each step of each run, with up to 20 evaluations.
    monkeypatch.setattr(optimizer_programs, "CLOSURE_RATES", (1e-2, 1e-1, 1.0))
    monkeypatch.setattr(optimizer_programs, "CLOSURE_STEPS", 3)
    stages: list[str] = []
    (checked,) = check("torch:LBFGS", tmp_path, PATIENCE, stages.append)
    assert failed(checked) == {}
    assert [(verdict.name, verdict.status) for verdict in checked.verdicts][-2:] == [
        ("gradients", "note"),
        ("comparison", "note"),
    ]
    assert checked.comparison == ()
    assert list(dict.fromkeys(stages)) == [
        f"torch:LBFGS: {name}" for name in ("runs", "precision", "repeats", "batch", "dimensions")
    ]


def test_a_failure_ends_with_the_next_step() -> None:
    good, bad = Verdict("loads", "ok", ""), Verdict("state", "FAILED", "x")
    slow = Verdict("runs", "FAILED", "exceeded the deadline of 60 s and was stopped")
    assert next_step(CheckReport("a", (good,))) == ""
    assert next_step(CheckReport("a", (good, bad, slow))).startswith("Next: return everything that step() remembers")
    assert next_step(CheckReport("a", (good, slow))).startswith("Next: make it faster")


def test_every_check_of_an_optimizer_that_can_fail_has_advice() -> None:
    general = next_step(CheckReport("a", (Verdict("unknown", "FAILED", ""),)))
    for name in (*CHECKS.keys() - {"gradients"}, "loads"):
        assert next_step(CheckReport("a", (Verdict(name, "FAILED", ""),))) != general


def test_a_limited_process_verifies_an_optimizer_once_in_each_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = OptimizerEntry.model_validate("adam")
    single, double, other = (
        optimizer_programs.batch(each, Path(), dtype)
        for each, dtype in [
            (entry, "float32"),
            (entry, "float64"),
            (OptimizerEntry.model_validate("adam[beta_2=0.9]"), "float32"),
        ]
    )
    verified: list[str] = []

    def verify(name: str) -> int:
        return verified_steps.verified_once(
            {"s": single, "d": double, "o": other}[name], lambda: verified.append(name) or 7
        )

    monkeypatch.setattr(verified_steps, "_verified", {})
    assert verified_steps.verified_steps() == 5000
    assert [verify(name) for name in "ssdo"] == [7] * 4
    assert verified == list("ssdo")
    verified.clear()
    monkeypatch.setattr(verified_steps, "_limit", None)  # to restore it
    verified_steps.limit_verified_steps(100)
    assert verified_steps.verified_steps() == 100
    assert [verify(name) for name in "ssddoos"] == [7] * 7
    assert verified == list("sdo")
