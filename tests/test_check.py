"""``reportgen check``: right optimizers pass, each mistake fails its own check, and nothing hangs the command."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportgen import checks
from reportgen.checks import CheckReport, Verdict, check
from reportgen.cli import main
from reportgen.config import ConfigError

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
class MixesRuns(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate * gradient / tf.reduce_max(tf.abs(gradient.parts[0])), state


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
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckReport]:
    """What checking the whole file of mistakes comes to, by class."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "wrong.py").write_text(MISTAKES)
    return {done.name.partition(":")[2]: done for done in check("wrong.py", folder)}


def failed(checked: CheckReport) -> dict[str, str]:
    assert checked.passed == all(verdict.passed for verdict in checked.verdicts)
    return {verdict.name: verdict.detail for verdict in checked.verdicts if not verdict.passed}


def test_every_optimizer_of_a_file_is_checked_and_nothing_else(mistakes: dict[str, CheckReport]) -> None:
    assert list(mistakes) == ["KeepsOnSelf", "KeepsInModule", "MixesRuns", "ClimbsInTwo", "InDouble", "Dies"]


def test_what_is_kept_on_self_is_named(mistakes: dict[str, CheckReport]) -> None:
    told = failed(mistakes["KeepsOnSelf"])
    assert list(told) == ["state"]
    assert "at step 2 of rate 0.0001 from start 0, x[0] is " in told["state"]
    assert "the steps change self.t," in told["state"]


def test_what_is_kept_in_the_module_is_named(mistakes: dict[str, CheckReport]) -> None:
    told = failed(mistakes["KeepsInModule"])
    assert {"state", "repeats", "batch"} <= told.keys()
    assert "the steps change calls," in told["state"]
    assert "run again at (" in told["repeats"]


def test_a_run_that_depends_on_its_neighbours_fails(mistakes: dict[str, CheckReport]) -> None:
    told = failed(mistakes["MixesRuns"])
    assert list(told) == ["batch"]
    assert "alone, and at (" in told["batch"]


def test_dimension_and_descent_fail_by_themselves(mistakes: dict[str, CheckReport]) -> None:
    told = failed(mistakes["ClimbsInTwo"])
    assert list(told) == ["dimensions", "descends"]
    assert mistakes["ClimbsInTwo"].comparison == ()
    assert told["dimensions"].startswith("in dimension 1: IndexError: ")
    assert "at rate 0.0001, the best one" in told["descends"]


def test_what_does_not_run_is_told_with_its_reason_and_no_more(mistakes: dict[str, CheckReport]) -> None:
    assert "dtype float32: found dtype float64" in failed(mistakes["InDouble"])["runs"]
    assert failed(mistakes["Dies"]) == {"runs": "its process died (exit code 3)"}
    assert [verdict.name for verdict in mistakes["Dies"].verdicts] == ["loads", "runs"]


def test_what_is_not_declared_is_a_note(mistakes: dict[str, CheckReport]) -> None:
    loads = mistakes["Dies"].verdicts[0]
    assert (loads.status, loads.passed) == ("note", True)
    assert loads.detail.endswith(": formula, source, docstring")


@pytest.mark.usefixtures("one_worker")
def test_a_wrapper_passes_and_is_compared_with_gradient_descent(tmp_path: Path) -> None:
    (checked,) = check("lookahead[base=momentum,k=2]", tmp_path)
    assert failed(checked) == {}
    assert [verdict.name for verdict in checked.verdicts] == [
        *("loads", "runs", "state", "repeats", "batch", "precision", "dimensions", "descends", "gradients")
    ]
    assert checked.verdicts[-1].detail == "1 a step is counted"
    assert [row["loss"] for row in checked.comparison] == ["quartic", "rosenbrock", "beale"]
    for row in checked.comparison:
        assert [each["optimizer"] for each in row["optimizers"]] == [
            "lookahead[base=momentum,k=2]",
            "gradient_descent",
        ]
        assert all(each["runs"] == 9 and each["learning_rate"] > 0 for each in row["optimizers"])


@pytest.mark.usefixtures("one_worker", "brief_comparison")
@pytest.mark.parametrize("name", ["noisy_descent.py", "guide_momentum.py"])
def test_the_examples_pass(name: str) -> None:
    (checked,) = check(name, Path(__file__).parent.parent / "examples")
    assert {verdict.name: verdict.detail for verdict in checked.verdicts if verdict.status != "ok"} == {}


@pytest.mark.parametrize("what", ["optimizers/hangs.py", "optimizers/hangs.py:X", "hangs"])
def test_a_file_that_hangs_costs_its_deadline_and_no_more(tmp_path: Path, what: str) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "hangs.py").write_text("import time\ntime.sleep(600)\n")
    began = time.monotonic()
    (checked,) = check(what, tmp_path, deadline=0.5)
    assert failed(checked) == {"loads": "took longer than the deadline of 0.5 s and was ended"}
    assert time.monotonic() - began < 60


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("adm", "did you mean adam?"),
        ("adam[beta_3=1]", "adam has no hyperparameter beta_3"),
        ("adam[beta_2=2.0]", "1 or less is expected"),
        ("none.py", "there is no file none.py"),
        ("none.py:X", "there is no file none.py"),
        ("empty.py", "empty.py: defines neither a loss, nor an optimizer"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_run(tmp_path: Path, what: str, said: str) -> None:
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(ConfigError) as error:
        list(check(what, tmp_path))
    assert said in str(error.value)


@pytest.mark.usefixtures("one_worker")
def test_a_file_that_cannot_be_loaded_has_failed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (checked,) = check("broken.py:X", tmp_path)
    assert failed(checked) == {"loads": "ZeroDivisionError: division by zero (broken.py:1)"}


ROW = {
    "loss": "beale",
    "optimizers": [
        {"optimizer": "adam", "learning_rate": 0.1, "solved": 8, "runs": 9, "gap": 2e-15},
        {"optimizer": "gradient_descent", "learning_rate": 0.01, "solved": 0, "runs": 9, "gap": None},
    ],
}
GOOD = CheckReport("my.py:A", (Verdict("loads", "note", "no formula"), Verdict("batch", "ok", "the same")), (ROW,))
BAD = CheckReport("my.py:B", (Verdict("state", "FAILED", "x[0] is 1"),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command asked for; it is told GOOD of an optimizer, and GOOD and BAD of a file."""
    names: list[str] = []

    def answer(what: str, base: Path, compile_cache: bool) -> Iterator[CheckReport]:
        assert (base, compile_cache) == (Path.cwd(), True)
        names.append(what)
        if what == "adm":
            raise ConfigError(["adm: there is no optimizer adm"])
        yield from [GOOD, BAD] if what.endswith(".py") else [GOOD]

    monkeypatch.setattr(checks, "check", answer)
    return names


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_one_line_a_check_then_the_comparison(asked: list[str]) -> None:
    result = invoke("my.py:A")
    assert (result.exit_code, asked) == (0, ["my.py:A"])
    name, loads, batch, blank, header, adam, descent = result.stdout.splitlines()
    assert (name, blank) == ("my.py:A", "")
    assert loads.split() == ["note", "loads", "no", "formula"]
    assert loads.index("no formula") == batch.index("the same")
    assert header.split() == ["loss", "optimizer", "best", "rate", "solved", "gap"]
    assert adam.split() == ["beale", "adam", "0.1", "8/9", "2.00e-15"]
    assert descent.split()[-2:] == ["0/9", "-"]


def test_a_failed_check_ends_with_1(asked: list[str]) -> None:
    result = invoke("my.py")
    assert result.exit_code == 1
    assert "FAILED  state" in result.stdout


def test_a_name_that_is_unknown_ends_with_2(asked: list[str]) -> None:
    result = invoke("adm")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "adm: there is no optimizer adm\n")


def test_json_is_an_object_for_one_and_a_list_for_a_file(asked: list[str]) -> None:
    one = json.loads(invoke("my.py:A", "--json").stdout)
    assert one == {
        "name": "my.py:A",
        "passed": True,
        "checks": [
            {"name": "loads", "passed": True, "detail": "no formula"},
            {"name": "batch", "passed": True, "detail": "the same"},
        ],
        "comparison": [ROW],
    }
    result = invoke("my.py", "--json")
    assert result.exit_code == 1
    assert [each["passed"] for each in json.loads(result.stdout)] == [True, False]


def test_colours_are_asked_for(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in invoke("my.py").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m\x1b[1mFAILED" in invoke("my.py").stdout
    assert "\x1b[" not in invoke("my.py", "--no-color").stdout
