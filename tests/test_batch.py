"""A rule is written for one run: in a batch it gives what it gives alone, whatever its neighbours do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import catalogue

RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
STARTS = {"random": 3}

COUPLED = '''
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class Clipped(Optimizer):
    """Couples the coordinates through a norm, a dot product and a scalar in its state."""

    limit: float = hyperparameter(0.5)

    def init(self, x):
        return tf.zeros_like(x), 1.0

    def step(self, x, state, problem):
        last, shrink = state
        _, gradient = problem.value_and_gradient(x)
        gradient = tf.minimum(1.0, self.limit / tf.norm(gradient)) * gradient
        turned = tf.tensordot(gradient, last, 1) < 0.0
        shrink = tf.where(turned, shrink * 0.5, shrink)
        return x - problem.learning_rate * shrink * gradient, (gradient, shrink)
'''


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "coupled.py").write_text(COUPLED)
    return tmp_path


@pytest.mark.parametrize("optimizer", [*catalogue.optimizers(), "coupled.py:Clipped"])
@pytest.mark.parametrize("loss", ["quartic", "beale", "rosenbrock", "rosenbrock[dim=20]"])
def test_batch_is_single_runs_to_the_last_bit(loss: str, optimizer: str, base: Path) -> None:
    settings: dict[str, Any] = {"steps": 60, "base": base}
    batch = programs.run(loss, optimizer, RATES, starts=STARTS, **settings)
    asked = programs.program(loss, optimizer, RATES, starts=STARTS, **settings)
    for i, (cell, _, point) in list(enumerate(asked.pairs()))[::9]:
        alone = {"standard": False, "random": 0, "points": [point]}
        single = programs.run(loss, optimizer, (cell.learning_rate,), starts=alone, **settings)
        np.testing.assert_array_equal(single.final_x[0], batch.final_x[i])
        np.testing.assert_array_equal(single.hits[:, 0], batch.hits[:, i])
        for name, column in batch.columns.items():
            np.testing.assert_array_equal(single.columns[name][0], column[i], err_msg=name)


def test_coupled_rule_is_that_of_numpy(base: Path) -> None:
    result = programs.run("rosenbrock", "coupled.py:Clipped", (0.1, 0.3), steps=40, base=base, dtype="float64")
    for run, rate in enumerate((0.1, 0.3)):
        x, last, shrink = np.array([-1.2, 1.0]), np.zeros(2), 1.0
        for _ in range(40):
            off = x[1] - x[0] ** 2
            g = np.array([-400 * x[0] * off - 2 * (1 - x[0]), 200 * off])
            g *= min(1.0, 0.5 / np.linalg.norm(g))
            shrink *= 0.5 if g @ last < 0 else 1.0
            x, last = x - rate * shrink * g, g
        np.testing.assert_allclose(result.final_x[run], x, rtol=1e-11)


def test_numeric_hyperparameters_are_batched_in_one_program() -> None:
    both = programs.run("beale", "adam", (0.1,), optimizers=[{"name": "adam", "beta_2": [0.99, 0.999]}], steps=50)
    apart = [programs.run("beale", f"adam[beta_2={value}]", (0.1,), steps=50) for value in (0.99, 0.999)]
    np.testing.assert_array_equal(both.final_x, np.concatenate([one.final_x for one in apart]))
    assert not np.array_equal(both.final_x[0], both.final_x[1])


WRONG = {
    "Branches": (
        "if self.rate_limit > 0.1:\n            pass\n        return x, state",
        "cannot steer Python's if",
    ),
    "OneValue": ("return x", "step must return the new position and the new state"),
    "WrongDtype": ("return tf.cast(x, tf.float64), state", "dtype float64"),
    "GrowingState": ("return x, (state, state)", "state of another structure than init"),
    "Loops": (
        "f = lambda: problem.value_and_gradient(x)[0].value\n"
        "        tf.cond(tf.constant(True), f, f)\n        return x, state",
        "inside tf.cond or tf.while_loop",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_refused_in_words(name: str, tmp_path: Path) -> None:
    body, expected = WRONG[name]
    (tmp_path / "wrong.py").write_text(
        "from dataclasses import dataclass\nimport tensorflow as tf\n"
        "from reportgen.optimizer import Optimizer, hyperparameter\n"
        f"@dataclass(frozen=True)\nclass {name}(Optimizer):\n"
        "    rate_limit: float = hyperparameter(0.5)\n"
        f"    def init(self, x):\n        return tf.zeros_like(x)\n"
        f"    def step(self, x, state, problem):\n        {body}\n"
    )
    with pytest.raises((TypeError, ValueError), match=expected):
        programs.run("beale", f"wrong.py:{name}", (0.1,), base=tmp_path)
