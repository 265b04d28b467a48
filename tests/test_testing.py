"""The assertions for test suites of optimizer libraries: they pass, and fail with what was seen."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reportgen.optimizer import Optimizer, hyperparameter
from reportgen.testing import assert_converges, assert_not_worse, assert_same_steps

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_worker")]


@dataclass(frozen=True)
class Descent(Optimizer):
    """Gradient descent, and variants with errors."""

    sign: float = hyperparameter(1.0)
    broken: bool = hyperparameter(False)

    def step(self, x: Any, state: Any, problem: Any) -> Any:
        _, gradient = problem.value_and_gradient(x)
        if self.broken:
            raise RuntimeError("not written yet")
        return x - self.sign * problem.learning_rate * gradient, state


def test_an_optimizer_converges_or_the_message_says_what_was_seen() -> None:
    assert_converges(Descent, losses=["quartic"], within=500)
    with pytest.raises(AssertionError) as caught:
        assert_converges(Descent(sign=-1.0), losses=["quartic"], within=100)
    assert str(caught.value).startswith("descent[sign=-1] hits the target on quartic from ")
    assert "of 17 starts at its best learning rate" in str(caught.value)
    with pytest.raises(AssertionError, match=r"RuntimeError: not written yet .*Tried: 10⁻⁴ to 1\."):
        assert_converges(Descent(broken=True), losses=["quartic"], within=100)


def test_worse_means_significantly_worse() -> None:
    assert_not_worse("adam", Descent(sign=0.999), losses=["quartic", "beale"], within=300)
    with pytest.raises(
        AssertionError, match=r"descent\[sign=-1\] is worse than descent in targets hit: .* 95 % interv"
    ):
        assert_not_worse(Descent(sign=-1.0), Descent, losses=["quartic", "beale"], within=300)
    with pytest.raises(AssertionError, match="cannot be compared: quartic/descent"):
        assert_not_worse(Descent(broken=True), "adam", losses=["quartic"], within=50)


def test_the_same_steps_or_the_first_that_differs() -> None:
    assert_same_steps(Descent, "gradient_descent", steps=50)
    with pytest.raises(AssertionError, match="first step 1 at learning rate"):
        assert_same_steps(Descent(sign=1.001), "gradient_descent", steps=50)


def test_the_example_passes() -> None:
    path = Path(__file__).parent.parent / "examples" / "testing" / "test_my_optimizer.py"
    spec = importlib.util.spec_from_file_location("example_of_a_test_suite", path)
    assert spec
    assert spec.loader
    example = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = example  # dataclasses look it up there
    spec.loader.exec_module(example)
    example.test_it_converges()
    example.test_it_makes_the_steps_of_momentum()
