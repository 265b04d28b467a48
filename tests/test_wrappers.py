"""Optimizers around optimizers: what they change, what they leave alone, and what they count."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen.engine.result import ProgramResult

pytestmark = pytest.mark.slow

FLOAT64: dict[str, Any] = {"dtype": "float64", "steps": 100}

PROBE = """
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class Probe(Optimizer):
    '''Moves by all that a problem tells besides value and gradient.'''

    def step(self, x, state, problem):
        problem.value_and_gradient(x)
        told = problem.learning_rate + problem.step / problem.steps + problem.minimum
        curved = tf.linalg.matvec(problem.hessian(x), x) + problem.hessian_vector_product(x, x)
        return x + 1e-6 * (told * problem.random.normal() + curved), state
"""


def _run(optimizer: str, rate: float = 1e-3, loss: str = "rosenbrock", **config: Any) -> ProgramResult:
    return programs.run(loss, optimizer, (rate,), **FLOAT64 | config)


def test_sam_ends_where_optax_ends() -> None:
    np.testing.assert_allclose(_run("sam").final_x[0], (-0.822446149259428, 0.644925308727954), rtol=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "evaluations"),
    [
        ("momentum", 1),
        ("clip", 1),
        ("lookahead[base=adam]", 1),
        ("sam", 2),
        ("clip[base=sam]", 2),
        ("lookahead[base=sam]", 2),
        ("sam[base=sam]", 4),
        ("newton", 3),
        ("clip[base=newton]", 3),
    ],
)
def test_every_gradient_that_a_wrapper_asks_for_is_counted(optimizer: str, evaluations: int) -> None:
    assert _run(optimizer, steps=2).evaluations_per_step == evaluations


@pytest.mark.parametrize(
    ("wrapped", "base"),
    [
        ("sam[base=adam,rho=0.0]", "adam"),
        ("clip[base=momentum,norm=1e9]", "momentum"),
        ("lookahead[base=adam,k=1,alpha=1.0]", "adam"),
        ("lookahead[base=adam,k=1000]", "adam"),
    ],
)
@pytest.mark.parametrize("loss", ["beale", "rosenbrock[dim=20]"])
def test_a_wrapper_that_does_nothing_is_its_base(wrapped: str, base: str, loss: str) -> None:
    np.testing.assert_allclose(_run(wrapped, loss=loss).final_x, _of_base(base, loss).final_x, rtol=1e-12)


@cache
def _of_base(optimizer: str, loss: str) -> ProgramResult:
    return _run(optimizer, loss=loss)


def test_all_but_the_gradient_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    settings: dict[str, Any] = {"base": tmp_path, "starts": {"random": 2}, "steps": 20}
    alone = _run("probe.py:Probe", **settings)
    for wrapper in ("clip", "sam"):
        inside = _run(f"{wrapper}[base=probe.py:Probe]", **settings)
        np.testing.assert_allclose(inside.final_x, alone.final_x, rtol=1e-14)
    assert not np.array_equal(alone.final_x, _run("gradient_descent", 1e-30, **settings).final_x)


def _gradient(x: Any) -> Any:
    off = x[1] - x[0] ** 2
    return np.array([-400 * x[0] * off - 2 * (1 - x[0]), 200 * off])


def test_lookahead_is_that_of_numpy() -> None:
    found = _run("lookahead[k=7,alpha=0.3]", 2e-4).final_x[0]
    x, velocity = np.array([-1.2, 1.0]), np.zeros(2)
    slow = x
    for step in range(1, 101):
        velocity = 0.9 * velocity + _gradient(x)
        x = x - 2e-4 * velocity
        if step % 7 == 0:
            x = slow = slow + 0.3 * (x - slow)
    np.testing.assert_allclose(found, x, rtol=1e-12)


def test_order_of_wrappers_is_what_the_name_says() -> None:
    """clip(sam) shortens the gradient uphill of sam; sam(clip) looks uphill first and has it shortened then."""
    rate, norm, rho = 1e-3, 5.0, 0.3
    outer_sam = _run(f"sam[base=clip,rho={rho},base.norm={norm}]", rate, steps=1).final_x[0]
    outer_clip = _run(f"clip[base=sam,norm={norm},base.rho={rho}]", rate, steps=1).final_x[0]
    x = np.array([-1.2, 1.0])
    uphill = _gradient(x + rho * _gradient(x) / np.linalg.norm(_gradient(x)))
    shortened = norm * uphill / np.linalg.norm(uphill)
    np.testing.assert_allclose(outer_sam, x - rate * shortened, rtol=1e-14)
    # The outer wrapper changes what the inner one sees: sam inside clip looks along short gradients and steps with one.
    np.testing.assert_allclose(outer_clip, x - rate * shortened, rtol=1e-14)


def test_hyperparameters_of_the_base_are_batched_in_one_program() -> None:
    asked = {"name": "lookahead", "base": "momentum", "base.momentum": [0.5, 0.9], "alpha": [0.3, 0.6]}
    both = programs.run("beale", "", (1e-3,), optimizers=[asked], **FLOAT64)
    for i, (alpha, momentum) in enumerate((a, m) for a in (0.3, 0.6) for m in (0.5, 0.9)):
        alone = _run(f"lookahead[alpha={alpha},base.momentum={momentum}]", loss="beale").final_x[0]
        assert any(np.array_equal(alone, found) for found in both.final_x), i
    assert len(np.unique(both.final_x, axis=0)) == 4


NESTED = ["lookahead[base=sam,base.base=adam]", "sam[base=lbfgs]", "clip[base=lookahead,base.base=prodigy]"]


@pytest.mark.parametrize("optimizer", NESTED)
@pytest.mark.parametrize("loss", ["rosenbrock", "rosenbrock[dim=20]"])
def test_nested_wrappers_in_a_batch_are_single_runs_to_the_last_bit(optimizer: str, loss: str) -> None:
    from reportgen.engine.run import make_engines

    # One run alone is padded to the batch size of three runs, so both use the same compiled program.
    (engine,) = make_engines([programs.program(loss, optimizer, (1e-4, 1e-2, 1.0), steps=60)])
    (batch,) = engine(np.arange(3), traces=False)
    assert len(batch.final_x) == 3
    for run, found in enumerate(batch.final_x):
        (alone,) = engine(np.array([run]), traces=False)
        np.testing.assert_array_equal(alone.final_x, [found])


STILL = ["sam", "clip", "lookahead", "sam[base=clip]", "lookahead[base=sam]"]


@pytest.mark.parametrize("optimizer", STILL)
def test_a_wrapper_stays_where_the_gradient_vanishes(optimizer: str) -> None:
    at_minimum = {"standard": False, "random": 0, "points": [[1.0, 1.0]]}
    np.testing.assert_array_equal(_run(optimizer, starts=at_minimum).final_x, [[1.0, 1.0]])
