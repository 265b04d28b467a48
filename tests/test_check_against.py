"""``reportgen check ONE --against OTHER``: equal steps are recognised, and the first different one is named."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportgen.checks import step_checks
from reportgen.cli import main

# One worker for all: each new one would import PyTorch, Keras or JAX again.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_worker")]

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


EQUAL = [
    ("adamw", "torch:AdamW"),
    ("nesterov", "torch:SGD[momentum=0.9,nesterov=true]"),
    ("rmsprop[epsilon=1e-8,epsilon_inside=true]", "optax:rmsprop"),
]
"""The same rules, in other orders of operations."""

STEPS = 50
"""Steps of each run where the first different one is asked for. Without compilation, a step takes milliseconds."""

DIFFERENT = {
    "Keras adds epsilon before the bias is corrected": ("keras:Adam[epsilon=0.001]", "adam[epsilon=0.001]", 1),
    "epsilon inside and outside of the root": ("optax:rmsprop", "torch:RMSprop[alpha=0.9,eps=1e-8]", 1),
    "where RAdam adds epsilon, once it adapts": ("radam", "torch:RAdam", 6),
}


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_steps_are_equal_within_some_ulps(one: str, other: str) -> None:
    result = invoke("check", one, "--against", other)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{one} against {other}"
    assert len(lines) == 5
    assert all(re.search(r"all 1\D800 steps are equal within \d+ ulps?$", line) for line in lines[1:])


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_checks, "compare_entries", partial(step_checks.compare_entries, steps=STEPS))


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("what", DIFFERENT)
def test_the_first_different_step_is_named(what: str) -> None:
    one, other, step = DIFFERENT[what]
    result = invoke("check", one, "--against", other)
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if "float64 rosenbrock" in line]
    assert f"first step {step} at learning rate 10⁻⁴ from the standard start: x[" in line


LATE = """
import torch

class Late(torch.optim.SGD):
    def step(self, closure=None):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 7:
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad.mul_(2.0)
        return super().step(closure)

class DecayLast(torch.optim.Adam):
    def step(self, closure=None):
        super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                p.data.mul_(1 - group["lr"] * 0.01)
"""


@pytest.mark.usefixtures("few_steps")
def test_one_different_step_hides_no_later_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(LATE)
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "mine.py:Late", "--against", "gradient_descent")
    (line,) = [line for line in result.stdout.splitlines() if "float64 beale" in line]
    # Both go on from the same position after each step, so only this one differs, in each run that has not diverged.
    assert re.search(rf"  [6-9] of {9 * STEPS} steps differ; first step 7 ", line)


@pytest.mark.usefixtures("few_steps")
def test_decay_after_the_step_is_another_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(LATE)
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "mine.py:DecayLast", "--against", "torch:AdamW")
    assert result.exit_code == 1
    assert "first step 1 " in result.stdout


def test_a_misspelt_name_is_one_sentence() -> None:
    result = invoke("check", "adam", "--against", "addam")
    assert result.exit_code == 2
    assert 'Did you mean "adam"?' in result.stderr
