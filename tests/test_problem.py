"""The problem that a rule sees: second derivatives, random numbers, the schedule, and the count of evaluations."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

pytestmark = pytest.mark.slow

RULES = '''
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class Newton(Optimizer):
    damping: float = hyperparameter(0.0)

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        matrix = problem.hessian(x) + self.damping * tf.eye(x.shape[0], dtype=x.dtype)
        return x - tf.linalg.matvec(tf.linalg.inv(matrix), gradient), state

@dataclass(frozen=True)
class Curved(Optimizer):
    """Returns the requested derivative as its position."""

    ask: str = hyperparameter("diagonal")

    def step(self, x, state, problem):
        hessian = problem.hessian(x)
        answers = {
            "diagonal": tf.linalg.diag_part(hessian),
            "rows": tf.linalg.matvec(hessian, tf.constant([1.0, 2.0], x.dtype) + tf.zeros_like(x)),
            "product": problem.hessian_vector_product(x, tf.constant([1.0, 2.0], x.dtype) + tf.zeros_like(x)),
            "outer": tf.linalg.matvec(tf.tensordot(x, x, 0), x),
        }
        return answers[self.ask], state

@dataclass(frozen=True)
class Draws(Optimizer):
    """Its position is the mean of all draws so far, its state their sum."""

    law: str = hyperparameter("normal")

    def init(self, x):
        return tf.zeros_like(x)

    def step(self, x, total, problem):
        total = total + getattr(problem.random, self.law)()
        return total / problem.step, total

@dataclass(frozen=True)
class Twice(Optimizer):
    def step(self, x, state, problem):
        first, second = problem.random.uniform(), problem.random.uniform()
        return tf.where(tf.reduce_all(first == second), x, first - second), state

@dataclass(frozen=True)
class Rates(Optimizer):
    """Its position is the learning rate of the last step."""

    def step(self, x, state, problem):
        return tf.zeros_like(x) + problem.learning_rate, state

@dataclass(frozen=True)
class Facts(Optimizer):
    def step(self, x, state, problem):
        return tf.zeros_like(x) + problem.steps + 1000.0 * problem.minimum, state
'''


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "rules.py").write_text(RULES)
    return tmp_path


def final(loss: str, rule: str, base: Path, steps: int = 1, rates: tuple[float, ...] = (0.1,), **config: Any) -> Any:
    settings: dict[str, Any] = {"dtype": "float64", "steps": steps, "base": base} | config
    return programs.run(loss, f"rules.py:{rule}", rates, **settings).final_x


def test_second_derivatives_are_rosenbrocks(base: Path) -> None:
    x, y = -1.2, 1.0
    hessian = np.array([[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200]])
    expected = {
        "diagonal": np.diag(hessian),
        "rows": hessian @ [1, 2],
        "product": hessian @ [1, 2],
        "outer": np.array([x, y]) * (x * x + y * y),
    }
    for ask, answer in expected.items():
        np.testing.assert_allclose(final("rosenbrock", f"Curved[ask={ask}]", base)[0], answer, rtol=1e-13, err_msg=ask)


@pytest.mark.parametrize("dim", [2, 3, 12])
def test_newton_in_any_dimension_solves_with_the_hessian(dim: int, base: Path) -> None:
    starts = {"random": 3, "standard": False}
    rosenbrock = f"rosenbrock[dim={dim}]"
    found = final(rosenbrock, "Newton[damping=1500.0]", base, starts=starts)
    program = programs.program(rosenbrock, "rules.py:Newton", (0.1,), base=base, starts=starts, dtype="float64")
    assert found.shape == (program.runs, dim) == (3, dim)
    for run, (_, _, point) in enumerate(program.iter_runs()):
        x = np.array(point)
        off = x[1:] - x[:-1] ** 2
        gradient = np.zeros(dim)
        gradient[:-1] += -400 * x[:-1] * off - 2 * (1 - x[:-1])
        gradient[1:] += 200 * off
        hessian = 1500 * np.eye(dim)
        for i in range(dim - 1):
            hessian[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
            hessian[i + 1, i + 1] += 200
            hessian[i, i + 1] -= 400 * x[i]
            hessian[i + 1, i] -= 400 * x[i]
        np.testing.assert_allclose(found[run], x - np.linalg.solve(hessian, gradient), rtol=1e-11)


def test_a_singular_matrix_ends_only_its_own_run(base: Path) -> None:
    # Rosenbrock's Hessian at (0, 0.005) is [[0, 0], [0, 200]].
    starts = {"standard": True, "random": 0, "points": [[0.0, 0.005]]}
    result = programs.run("rosenbrock", "rules.py:Newton", (0.1,), base=base, starts=starts, dtype="float64", steps=3)
    assert result.columns["diverged_at"].tolist() == [-1, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("law", "mean", "variance"), [("normal", 0, 1), ("uniform", 0.5, 1 / 12), ("signs", 0, 1)])
def test_draws_have_the_mean_of_their_distribution(
    law: str, mean: float, variance: float, dtype: str, base: Path
) -> None:
    runs, steps = 64, 400
    starts = {"random": runs, "standard": False}
    means = final("rosenbrock", f"Draws[law={law}]", base, steps=steps, starts=starts, dtype=dtype)
    scaled = (means - mean) * math.sqrt(steps / variance)
    # By the central limit theorem these are 128 draws of a standard normal distribution.
    assert abs(scaled.mean()) < 4 / math.sqrt(scaled.size)
    assert 0.7 < scaled.std() < 1.3
    assert len(np.unique(means)) == means.size or law == "signs"


def test_a_draw_depends_only_on_seed_start_step_and_call(base: Path) -> None:
    starts = {"random": 3}
    wide = final("rosenbrock", "Draws", base, rates=(0.1, 0.2), starts=starts)
    np.testing.assert_array_equal(wide[:4], wide[4:])
    np.testing.assert_array_equal(final("rosenbrock", "Draws", base, starts=starts | {"random": 1}), wide[:2])
    other = final("rosenbrock", "Draws", base, starts=starts | {"seed": 1})
    assert not (other == wide[:4]).any()
    assert (final("rosenbrock", "Draws", base, steps=2, starts=starts) != wide[:4]).all()
    assert (final("rosenbrock", "Twice", base, starts=starts) != [-1.2, 1.0]).all()
    in_blocks = final("rosenbrock[dim=12]", "Draws", base, starts=starts)
    np.testing.assert_array_equal(in_blocks[:, :2], wide[:4])


FACTORS = {
    "constant": lambda t, n: 1.0 + 0 * t * n,
    "cosine": lambda t, n: 0.5 * (1 + math.cos(math.pi * (t - 1) / n)),
    "linear": lambda t, n: 1 - (t - 1) / n,
    "step": lambda t, n: 1.0 if t - 1 < n / 2 else 0.1 if t - 1 < 3 * n / 4 else 0.01,
    "warmup_cosine": lambda t, n: t / 2 if t <= 2 else 0.5 * (1 + math.cos(math.pi * (t - 3) / (n - 2))),
}


@pytest.mark.parametrize("schedule", FACTORS)
def test_the_schedule_peaks_at_the_configured_learning_rate(schedule: str, base: Path) -> None:
    settings: dict[str, Any] = {"dtype": "float64", "steps": 40, "base": base}
    result = programs.run("rosenbrock", f"rules.py:Rates[schedule={schedule}]", (0.25, 4.0), **settings)
    steps = result.trace_steps
    factors = [FACTORS[schedule](int(t), 40) for t in steps[steps > 0]]
    np.testing.assert_allclose(result.trace_x[steps > 0, 0, 0], np.multiply(factors, 0.25), rtol=1e-14)
    np.testing.assert_allclose(result.trace_x[steps > 0, 0, 1], np.multiply(factors, 4.0), rtol=1e-14)
    assert max(factors) == 1.0


def test_a_rule_sees_steps_and_minimum(base: Path) -> None:
    np.testing.assert_allclose(final("quartic", "Facts", base, steps=3), [[3 + 1000 * 1909 / 2048]], rtol=1e-15)


def test_every_derivative_is_counted(base: Path) -> None:
    evaluations = {"Curved": 2 + 1, "Newton": 1 + 2, "Rates": 0}
    for rule, count in evaluations.items():
        result = programs.run("rosenbrock", f"rules.py:{rule}", (0.1,), base=base, steps=1)
        assert result.evaluations_per_step == count, rule
