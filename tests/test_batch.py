"""A rule is written for one run: in a batch it gives what it gives alone, whatever its neighbours do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def test_coupled_rule_is_that_of_numpy() -> None:
    result = programs.run("rosenbrock", "coupled.py:Clipped", (0.1, 0.3), steps=40, base=HERE, dtype="float64")
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


NOISY = """
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class Noisy(Optimizer):
    scale: float = hyperparameter(0.1)

    def init(self, x):
        return tf.norm(x)

    def step(self, x, length, problem):
        _, gradient = problem.value_and_gradient(x)
        noise = self.scale * problem.random.normal() + 0.3 * (self.scale * problem.random.uniform())
        length = 0.7 * (self.scale * tf.norm(gradient + noise)) + 0.3 * (self.scale * problem.learning_rate)
        return x - problem.learning_rate * (gradient + noise) / (1.0 + length), length
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_other_values_of_a_hyperparameter(dtype: str, tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    settings: dict[str, Any] = {"base": tmp_path, "steps": 40, "dtype": dtype, "starts": {"random": 8}}
    asked = [{"name": "noisy.py:Noisy", "scale": [0.1, 0.7]}]
    both = programs.run("beale", "", (1e-3, 1e-2), optimizers=asked, **settings)
    alone = programs.run("beale", "noisy.py:Noisy", (1e-3, 1e-2), **settings)
    np.testing.assert_array_equal(both.final_x[: len(alone.final_x)], alone.final_x)


FINE_POINTS = """
from dataclasses import dataclass
import numpy as np
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class EverySecond(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - tf.where(problem.step % 2 == 0, problem.learning_rate, 0.0) * gradient, state

@dataclass(frozen=True)
class ScaledRate(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate * tf.constant([1.0, 0.1], x.dtype) * gradient, state

@dataclass(frozen=True)
class Scaled(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate * (np.array([1.0, 0.1]) * gradient), state

@dataclass(frozen=True)
class Halved(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        factor = tf.where(gradient > 0, tf.constant(0.5, x.dtype), 1.0)
        return x - problem.learning_rate * factor * gradient, state

@dataclass(frozen=True)
class Derived(Optimizer):
    scale: float = hyperparameter(1.0)

    def __post_init__(self):
        object.__setattr__(self, "half", self.scale / 2)

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - problem.learning_rate * self.half * gradient, state
"""


def test_comparisons_constants_and_derived_values_are_each_runs_own(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE_POINTS)
    settings: dict[str, Any] = {"base": tmp_path, "dtype": "float64", "steps": 1}
    slope = np.array([0.0, 27.75])  # of Beale at its standard start (1, 1)
    for rates in ((1e-3,), (1e-3, 2e-3), (1e-3, 2e-3, 3e-3)):
        scaled = programs.run("beale", "fine.py:Scaled", rates, **settings).final_x
        np.testing.assert_allclose(scaled, [1 - rate * slope * [1.0, 0.1] for rate in rates], rtol=1e-14)
        np.testing.assert_array_equal(programs.run("beale", "fine.py:ScaledRate", rates, **settings).final_x, scaled)
    first = programs.run("beale", "fine.py:EverySecond", (1e-3, 2e-3), **settings).final_x
    second = programs.run("beale", "fine.py:EverySecond", (1e-3, 2e-3), **(settings | {"steps": 2})).final_x
    np.testing.assert_array_equal(first, [[1.0, 1.0]] * 2)
    np.testing.assert_allclose(second, [1 - rate * slope for rate in (1e-3, 2e-3)], rtol=1e-14)
    halved = programs.run("beale", "fine.py:Halved", (1e-3,), **settings).final_x
    np.testing.assert_allclose(halved, [1 - 0.5e-3 * slope], rtol=1e-14)
    asked = [{"name": "fine.py:Derived", "scale": [1.0, 4.0]}]
    derived = programs.run("beale", "", (1e-3,), optimizers=asked, **settings).final_x
    np.testing.assert_allclose(derived, [1 - 1e-3 * scale / 2 * slope for scale in (1.0, 4.0)], rtol=1e-14)


STACKS = """
import tensorflow as tf
from reportgen.loss import loss

@loss(minima=[(0.0, 0.0)], minimum=0.0, start=(1.0, 2.0), domain=[(-3.0, 3.0)] * 2, formula="x^2 + y^2", source="test")
def stacks(x, y):
    return tf.reduce_sum(tf.stack([x * x, y * y]))

@loss(minima=[(0.0, 0.0)], minimum=0.0, start=(1.0, 2.0), domain=[(-3.0, 3.0)] * 2, formula="1", source="test")
def constant(x, y):
    return 1.0
"""


def test_a_loss_may_use_any_operation_over_its_coordinates(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STACKS)
    found = programs.run("mine.py:stacks", "gradient_descent", (0.1, 0.2), base=tmp_path, steps=1, dtype="float64")
    np.testing.assert_allclose(found.final_x, [[0.8, 1.6], [0.6, 1.2]], rtol=1e-14)


def test_a_loss_that_returns_no_tensor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(STACKS)
    with pytest.raises(TypeError, match=r"must return one number .* found float"):
        programs.run("wrong.py:constant", "adam", (0.1,), base=tmp_path)


WRONG = {
    "Branches": (
        "if self.rate_limit > 0.1:\n            pass\n        return x, state",
        "cannot be the condition of Python's if",
    ),
    "OneValue": ("return x", "step must return the new position and the new state"),
    "WrongDtype": ("return tf.cast(x, tf.float64), state", "dtype float64"),
    "LongConstant": ("return x * tf.constant([1.0, 2.0, 3.0]), state", "Dimensions must be equal, but are 2 and 3"),
    "NewShape": ("return x[tf.newaxis], state", r"found shape \(1, 2\)"),
    "NumberFirst": (
        "g = tf.cast(tf.reduce_sum(x), tf.float64)\n        return x - tf.cast(tf.maximum(0.0, g), x.dtype), state",
        "put the tensor first",
    ),
    "Counts": (
        "n = tf.math.bincount(tf.cast(x, tf.int32), minlength=2, maxlength=2)\n"
        "        return x * tf.cast(n, x.dtype), state",
        "operation DenseBincount cannot be applied to many runs at once",
    ),
    "WholeNumber": (
        "return x * tf.cast(problem.learning_rate * tf.constant(2), x.dtype), state",
        "a float meets a tensor of dtype int32",
    ),
    "Unpacks": ("a, b = x\n        return x, state", "use tf.unstack"),
    "OwnCondition": (
        "return tf.cond(tf.reduce_sum(x) > 1.0, lambda: x, lambda: 0.5 * x), state",
        "cannot be compiled: use tf.where",
    ),
    "Maps": ("return tf.map_fn(lambda part: part, x), state", "cannot be compiled: use other operations"),
    "ScalarState": ("return x, tf.reduce_sum(x)", "in its state where init returned"),
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


EXITS = """
from dataclasses import dataclass
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class {name}(Optimizer):
    def step(self, x, state, problem):
        raise {error}
"""


@pytest.mark.usefixtures("plugins_here")
@pytest.mark.parametrize("error", ["SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "ValueError('no')"])
def test_a_rule_that_raises_costs_only_itself(error: str, tmp_path: Path) -> None:
    from reportgen.config import Config
    from reportgen.engine.run import Engine, make_engines, run_all
    from reportgen.plan import make_plan

    (tmp_path / "exits.py").write_text(EXITS.format(name="Exits", error=error))
    asked: dict[str, Any] = {"losses": ["beale"], "learning_rates": (0.01,), "steps": 20, "starts": {"random": 2}}
    asked |= {"optimizers": ["adam", "exits.py:Exits", "momentum"], "base": tmp_path}
    adam, exits, momentum = make_engines(make_plan(Config.model_validate(asked)).programs)
    assert type(exits).__name__ == error.partition("(")[0]
    for engine, name in ((adam, "adam"), (momentum, "momentum")):
        assert isinstance(engine, Engine)
        alone = programs.run("beale", name, (0.01,), steps=20, starts={"random": 2})
        np.testing.assert_array_equal(run_all(engine).final_x, alone.final_x)


INNER = """
from dataclasses import dataclass
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class Inner(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - {factor} * problem.learning_rate * gradient, state
"""


def test_a_step_is_not_used_again_for_another_class_of_the_same_name(tmp_path: Path) -> None:
    ends = []
    for factor in (1.0, 0.1):
        base = tmp_path / str(factor)
        base.mkdir()
        (base / "inner.py").write_text(INNER.format(factor=factor))
        ends.append(programs.run("beale", "clip[base=inner.py:Inner]", (0.01,), steps=5, base=base).final_x)
    assert not np.array_equal(*ends)
