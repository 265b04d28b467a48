"""Noise on the gradients: seeded, the same in any batch, judged by the loss without it, with several runs a start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import pipeline
from reportgen.config import Config, ConfigError, load
from reportgen.plan import make_plan
from reportgen.results.result_tables import Results

FOLLOWS = """
from dataclasses import dataclass
import tensorflow as tf
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class Noises(Optimizer):
    \"\"\"Its position is the mean of all gradients that it was given so far.\"\"\"

    def init(self, x):
        return x, tf.zeros_like(x)

    def step(self, x, state, problem):
        start, total = state
        total = total + problem.value_and_gradient(start)[1]
        return total / problem.step, (start, total)
"""


def noisy(noise: dict[str, float], **config: Any) -> Any:
    asked = {"losses": [{"name": "rosenbrock", "noise": noise}], "dtype": "float64"} | config
    return programs.run("", "", (1e-3,), **asked)


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "std"), [({"gradient_std": 3.0}, 3.0), ({"relative": 0.5}, 0.5 * 232.8677 / 2**0.5)])
def test_the_noise_has_the_requested_deviation(noise: dict[str, float], std: float, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FOLLOWS)
    settings: dict[str, Any] = {"optimizers": ["mine.py:Noises"], "base": tmp_path, "seeds": 64, "steps": 100}
    means = noisy(noise, starts={"random": 0}, **settings).final_x
    scaled = (means - [-215.6, -88.0]) / std * 10
    assert scaled.shape == (64, 2)
    assert abs(scaled.mean()) < 4 / np.sqrt(scaled.size)
    assert 0.8 < scaled.std() < 1.2


@pytest.mark.slow
def test_a_run_depends_on_its_seed_and_start_and_not_on_the_batch() -> None:
    few = noisy({"gradient_std": 0.1}, optimizers=["adam"], seeds=2, steps=60, starts={"random": 1})
    many = noisy({"gradient_std": 0.1}, optimizers=["adam"], seeds=8, steps=60, starts={"random": 3})
    np.testing.assert_array_equal(few.final_x, many.final_x[[0, 1, 8, 9]])
    assert len(np.unique(many.final_x, axis=0)) == 32


@pytest.mark.slow
def test_it_is_judged_by_the_loss_without_noise() -> None:
    result = noisy({"gradient_std": 0.1}, optimizers=["adam"], seeds=3, steps=60)
    x, y = result.final_x.T
    np.testing.assert_allclose(result.columns["final_loss"], (1 - x) ** 2 + 100 * (y - x * x) ** 2, rtol=1e-12)
    slope = np.hypot(-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x))
    np.testing.assert_allclose(result.columns["final_gradient_norm"], slope, rtol=1e-9)


@pytest.mark.usefixtures("one_worker")
def test_seeds_are_runs_with_ids_of_their_own_and_only_where_there_is_noise(tmp_path: Path) -> None:
    asked = {
        "losses": ["quartic", {"name": "quartic", "noise": {"relative": 0.1}}],
        "optimizers": ["gradient_descent"],
        "learning_rates": (0.01,),
        "starts": {"random": 1},
        "seeds": 3,
        "steps": 20,
        "output": tmp_path,
    }
    config = Config.model_validate(asked)
    assert [program.runs for program in make_plan(config).programs] == [2, 6]
    pipeline.run(config, on_event=lambda _: None)
    results = Results.load(tmp_path / "results")
    assert [loss.title for loss in results.manifest.losses] == ["Quartic", "Quartic [noise.relative=0.1]"]
    runs = results.runs
    assert runs["run_id"].is_unique
    noisy_runs = runs[runs["loss"] == "quartic[noise.relative=0.1]"]
    assert noisy_runs["seed"].tolist() == [0, 1, 2, 0, 1, 2]
    assert noisy_runs["start"].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("losses = [{name='beale', noise={}}]", "expected exactly one of gradient_std, relative and batch_size"),
        ("losses = [{name='beale', noise={relative=-1}}]", "expected a value > 0"),
        ("losses = [{name='beale', noise={relativ=0.1}}]", 'Did you mean "relative"?'),
        ("losses = [{name='beale', nois={relative=0.1}}]", 'Did you mean "noise"?'),
        ("seeds = 0", "expected a value >= 1"),
    ],
)
def test_an_error_in_the_noise_is_reported(toml: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text(toml)
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(None, folder=tmp_path, environ={})


def test_a_label_with_noise_is_read_as_it_is_printed() -> None:
    config = Config.model_validate({"losses": ["rosenbrock[dim=3,noise.gradient_std=0.1]"]})
    assert list(make_plan(config).losses) == ["rosenbrock[dim=3,noise.gradient_std=0.1]"]
