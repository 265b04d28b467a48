"""A position may consist of arrays: optimizers of other frameworks get parameters of these shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import catalogue

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")
pytest.importorskip("optax", reason="optax is not installed: pip install 'optimizer-reportgen[optax]'")

FILE = """
import keras
import optax
import tensorflow as tf
import torch
from keras import ops
from reportgen.loss import loss

SHAPES = {"W": (2, 3), "b": (3,)}

@loss(minima=[(0.0,) * 9], minimum=0.0, start=(1.0, -2.0, 3.0, 0.5, 1.5, -1.0, 2.0, -0.25, 0.75), dim=9,
      domain=[(-4.0, 4.0)] * 9, shapes=SHAPES, formula="x", source="a test")
def bowl(x):
    return tf.reduce_sum(tf.range(1, 10, dtype=tf.float64) * x * x if x.dtype == tf.float64 else x * x)

class Torch(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, dict(lr=lr))
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data -= group["lr"] * p.grad / torch.linalg.norm(p.grad) * p.dim()

class Class:
    def __init__(self, learning_rate=0.1):
        self.lr = learning_rate
    def apply_gradients(self, grads, variables):
        for g, v in zip(grads, variables):
            v.assign_sub(self.lr * g / tf.norm(g) * len(g.shape))

class Keras(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        scaled = gradient / ops.sqrt(ops.sum(gradient * gradient)) * len(gradient.shape)
        super().update_step(scaled, variable, learning_rate)

def by_optax(learning_rate):
    def update(gradients, state, params=None):
        import jax
        norm = jax.numpy.linalg.norm
        return jax.tree.map(lambda g: -learning_rate * g / norm(g.ravel()) * g.ndim, gradients), state
    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
"""


def expected(rate: float, steps: int) -> Any:
    """Each array by the norm of its own gradient, the matrix twice as far."""
    x = np.array([1.0, -2.0, 3.0, 0.5, 1.5, -1.0, 2.0, -0.25, 0.75])
    for _ in range(steps):
        gradient = 2 * np.arange(1, 10) * x
        for part, dim in ((slice(0, 6), 2), (slice(6, 9), 1)):
            x[part] -= rate * gradient[part] / np.linalg.norm(gradient[part]) * dim
    return x


@pytest.mark.parametrize("name", ["Torch", "Class", "Keras", "by_optax"])
def test_each_framework_gets_arrays_of_the_declared_shapes(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    rates = (2.0**-10, 2.0**-7)
    found = programs.run("mine.py:bowl", f"mine.py:{name}", rates, steps=50, dtype="float64", base=tmp_path)
    np.testing.assert_allclose(found.final_x, [expected(rate, 50) for rate in rates], rtol=1e-9)


@pytest.mark.parametrize(
    ("loss", "dim", "arrays"),
    [
        ("matrix_factorization", 80, 2),
        ("matrix_factorization", 800, 2),
        ("two_spirals", 65, 4),
        ("two_spirals", 21, 4),
        ("bilinear_regression", 64, 1),
        ("bilinear_regression", 400, 1),
    ],
)
def test_the_declared_shapes_fill_the_position_in_every_dimension(loss: str, dim: int, arrays: int) -> None:
    found = catalogue.find_loss(loss, Path(), dim)
    assert sum(int(np.prod(shape)) for shape in found.shapes.values()) == dim
    assert len(found.shapes) == arrays


def test_muon_orthogonalises_the_factors(tmp_path: Path) -> None:
    """One step of Muon makes all singular values of each factor's update about equal; a vector has only one."""
    config: dict[str, Any] = {"dtype": "float32", "steps": 1}
    program = programs.program("matrix_factorization", "torch:Muon[weight_decay=0.0]", (0.01,), **config)
    result = programs.run("matrix_factorization", "torch:Muon[weight_decay=0.0]", (0.01,), **config)
    moved = (result.final_x[0] - np.array(program.starts[0][1])).reshape(2, 2, 20)
    strengths = np.linalg.svd(moved, compute_uv=False)
    assert (strengths.min(axis=1) > 0.4 * strengths.max(axis=1)).all()


def first_step(name: str) -> Any:
    """The movement of the weights of ``bilinear_regression`` in one step at learning rate 1/64, [8, 8]."""
    config: dict[str, Any] = {"dtype": "float64", "steps": 1}
    return programs.run("bilinear_regression", name, (2.0**-6,), **config).final_x[0].reshape(8, 8) * 2**6


def newton_schulz(matrix: Any) -> Any:
    """Five iterations of Jordan et al. 2024, whose limit cycle keeps singular values around one."""
    x = matrix / np.linalg.norm(matrix)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x - (4.7750 * square - 2.0315 * square @ square) @ x
    return x


def test_muon_orthogonalises_an_ill_conditioned_gradient() -> None:
    """The gradient's singular values differ a hundredfold, Muon's are about equal, and Adam's step is one of signs."""
    descent = first_step("gradient_descent")
    expected = newton_schulz(descent)
    spreads = {}
    for name in ("optax.contrib:muon", "torch:Muon[weight_decay=0.0]", "keras:Muon[weight_decay=0.0]"):
        moved = first_step(name)
        # Keras scales by the size of the matrix and PyTorch rounds to bfloat16: compared is the direction.
        alignment = np.sum(moved * expected) / np.linalg.norm(moved) / np.linalg.norm(expected)
        assert alignment == pytest.approx(1, abs=1e-6 if name.startswith("optax") else 1e-2), name
        strengths = np.linalg.svd(moved, compute_uv=False)
        spreads[name] = strengths[0] / strengths[-1]
    np.testing.assert_allclose(first_step("optax.contrib:muon"), expected, rtol=1e-5, atol=1e-6)
    assert max(spreads.values()) < 2
    strengths = np.linalg.svd(descent, compute_uv=False)
    assert strengths[0] / strengths[-1] > 100
    np.testing.assert_allclose(first_step("adam"), np.sign(descent), atol=1e-4)


def test_the_condition_number_slows_gradient_descent_but_not_muon() -> None:
    """After 1,000 steps; gradient descent gets learning rates up to 2, its limit of stability at curvature 1."""

    def lowest(name: str, rates: tuple[float, ...]) -> list[float]:
        labels = [f"bilinear_regression[condition={condition}]" for condition in (100, 1000)]
        runs = [programs.run(label, name, rates, dtype="float64", steps=1000) for label in labels]
        return [float(np.nanmin(run.columns["final_loss"])) for run in runs]

    easy, hard = lowest("gradient_descent", (0.5, 1.0, 1.5, 1.98))
    assert hard > 1e6 * easy
    easy, hard = lowest("optax.contrib:muon[schedule=linear]", (2.0**-5,))
    assert max(easy, hard) < 1e-7
    assert 0.1 < hard / easy < 10


def test_shapes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE.replace('"b": (3,)', '"b": (4,)'))
    with pytest.raises(catalogue.BrokenPluginError, match="shapes have 10 numbers; expected 9, the dimension"):
        catalogue.find_loss("mine.py:bowl", tmp_path)
