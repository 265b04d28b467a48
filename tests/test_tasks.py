"""Losses that are means over data: their values, minima and minibatches, held against NumPy and SciPy."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from conftest import PATIENCE
from loss_points import inside, value_and_gradient
from scipy import optimize

from reportgen import catalogue
from reportgen.checks import check
from reportgen.config import ConfigError, load
from reportgen.tf_setup import import_tensorflow

pytestmark = pytest.mark.slow

import_tensorflow()
LOSSES = catalogue.losses()
TASKS = [loss for loss in LOSSES.values() if "task" in loss.tags]
Numbers = Any


def logistic(margins: Numbers) -> Numbers:
    """log(1 + exp(-margin)) of each sample."""
    return np.log1p(np.exp(-margins))


def linear_regression(w: Numbers) -> Numbers:
    """Half the squared error of each sample."""
    inputs, outputs = importlib.import_module("reportgen.builtin_losses.linear_regression").data(len(w), 100.0, 0)
    return np.array(
        [(sum(a * b for a, b in zip(row, w, strict=True)) - y) ** 2 / 2 for row, y in zip(inputs, outputs, strict=True)]
    )


def logistic_regression(w: Numbers) -> Numbers:
    """The loss of each sample, with the penalty."""
    inputs, classes = importlib.import_module("reportgen.builtin_losses.logistic_regression").data(len(w), 30.0, 0)
    return logistic(classes * (inputs.astype(w.dtype) @ w)) + 0.0005 * (w @ w)


def matrix_factorization(x: Numbers) -> Numbers:
    """Half the squared error of each entry, row by row."""
    known = importlib.import_module("reportgen.builtin_losses.matrix_factorization").matrix(len(x), 0)
    left, right = x.reshape(2, 2, -1)
    return ((left.T @ right - known) ** 2 / 2).ravel()


def bilinear_regression(x: Numbers) -> Numbers:
    """Half the squared error of each pair of inputs, one by one."""
    left, right, solution = importlib.import_module("reportgen.builtin_losses.bilinear_regression").data(
        len(x), 100.0, 0
    )
    size = len(left)
    errors = [[x[size * k + j] - solution[k, j] for j in range(size)] for k in range(size)]
    pairs = [(a, b) for a in left for b in right]
    return np.array(
        [sum(a[k] * errors[k][j] * b[j] for k in range(size) for j in range(size)) ** 2 / 2 for a, b in pairs]
    )


def two_spirals(x: Numbers) -> Numbers:
    """The loss of each sample, one by one."""
    points, classes = importlib.import_module("reportgen.builtin_losses.two_spirals").data()
    first, second, bias, last = x[:-1].reshape(4, -1)
    scores = [sum(last * np.tanh(first * a + second * b + bias)) + x[-1] for a, b in points]
    return logistic(classes * np.array(scores))


WRITTEN = {
    each.__name__: each
    for each in (bilinear_regression, linear_regression, logistic_regression, matrix_factorization, two_spirals)
}
EACH = pytest.mark.parametrize("loss", TASKS, ids=lambda loss: loss.name)


def test_every_task_is_written_here_again() -> None:
    assert WRITTEN.keys() == {loss.name for loss in TASKS}


@EACH
def test_its_value_is_the_mean_over_its_samples(loss: Any) -> None:
    points = inside(loss, 100)
    expected = [np.mean(WRITTEN[loss.name](point.astype(np.longdouble))) for point in points]
    value, _ = value_and_gradient(loss, points)
    np.testing.assert_allclose(value, np.array(expected, float), rtol=1e-12)
    assert len(WRITTEN[loss.name](points[0])) == loss.samples


@EACH
def test_its_gradient_is_that_of_the_mean(loss: Any) -> None:
    point = inside(loss, 1)[0]
    _, gradient = value_and_gradient(loss, [point])
    written = WRITTEN[loss.name]
    assert gradient.shape == (loss.dim, 1)
    for axis in range(0, loss.dim, 7):
        step = np.zeros(loss.dim, complex)
        step[axis] = 1e-30j
        assert gradient[axis, 0] == pytest.approx(np.mean(written(point + step)).imag * 1e30, rel=1e-10, abs=1e-14)


@EACH
def test_a_minibatch_is_the_mean_over_its_samples(loss: Any) -> None:
    import tensorflow as tf

    (point,) = inside(loss, 1)
    rows = np.random.default_rng(0).integers(loss.samples, size=11).astype(np.int32)
    value = loss.function(tf.constant(point), tf.constant(rows), **loss.parameters)
    assert value.numpy() == pytest.approx(WRITTEN[loss.name](point)[rows].mean(), rel=1e-11)


@pytest.mark.parametrize("settings", [{}, {"l2": 0.1}, {"condition": 1000.0, "seed": 3}])
def test_the_minimum_of_logistic_regression_is_that_of_a_second_order_method(settings: dict[str, float]) -> None:
    loss = LOSSES["logistic_regression"].at(20, **settings)

    def both(w: Numbers) -> Any:
        value, gradient = value_and_gradient(loss, [w])
        return value[0], gradient[:, 0]

    def hessian(w: Numbers) -> Any:
        width = 1e-5
        ahead, behind = (value_and_gradient(loss, w + side * width * np.eye(20))[1] for side in (1, -1))
        return (ahead - behind) / (2 * width)

    found = optimize.minimize(both, np.zeros(20), jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-12})
    assert loss.minimum == pytest.approx(found.fun, abs=1e-10)
    np.testing.assert_allclose(loss.minima[0], found.x, atol=1e-8)


def test_linear_regression_has_the_requested_condition() -> None:
    loss = LOSSES["linear_regression"].at(20, condition=1000.0)
    _, gradient = value_and_gradient(loss, np.array(loss.minima[0]) + np.eye(20))
    curvature = np.linalg.eigvalsh(gradient)
    np.testing.assert_allclose(curvature[[0, -1]], [1e-3, 1.0], rtol=1e-9)


@pytest.mark.parametrize("condition", [100.0, 1e4])
def test_the_curvatures_of_bilinear_regression_are_products_of_those_of_both_inputs(condition: float) -> None:
    loss = LOSSES["bilinear_regression"].at(64, condition=condition)
    each = np.logspace(0, -np.log10(condition) / 2, 8)
    expected = np.sort(np.outer(each, each).ravel())
    assert expected[-1] / expected[0] == pytest.approx(condition)
    # The loss is quadratic: gradients at unit steps from the minimizer are the columns of the Hessian.
    _, hessian = value_and_gradient(loss, np.array(loss.minima[0]) + np.eye(64))
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), expected, rtol=1e-9, atol=1e-13)


def test_every_descent_ends_at_the_minimum_of_matrix_factorization_and_none_below() -> None:
    loss = LOSSES["matrix_factorization"]
    result = programs.run(loss.name, "lbfgs", (1.0,), dtype="float64", steps=4000, starts={"random": 8})
    assert result.columns["final_loss"] == pytest.approx(loss.minimum, rel=1e-9)
    assert (result.columns["best_loss"] > loss.minimum * (1 - 1e-12)).all()


def test_the_network_learns_to_tell_the_spirals_apart() -> None:
    result = programs.run("two_spirals", "adam", (0.1,), steps=1500)
    assert result.columns["final_loss"][0] < 0.01
    assert result.columns["initial_loss"][0] > 0.6


@pytest.mark.parametrize(
    ("name", "dim"),
    [(name, 1_000) for name in ("linear_regression", "logistic_regression", "matrix_factorization")]
    + [("bilinear_regression", 1_024)],
)
def test_it_has_a_thousand_coordinates_on_request(name: str, dim: int) -> None:
    loss = LOSSES[name].at(dim)
    value, gradient = value_and_gradient(loss, [loss.start, *loss.minima])
    assert value[0] > value[1] == pytest.approx(loss.minimum, rel=1e-9)
    assert np.abs(gradient[:, 1]).max() < 1e-10


@pytest.mark.parametrize(
    ("name", "dim", "told"),
    [("two_spirals", 66, "65"), ("matrix_factorization", 50, "multiple of 4"), ("bilinear_regression", 50, "49")],
)
def test_a_dimension_that_its_data_do_not_have_is_refused(name: str, dim: int, told: str) -> None:
    with pytest.raises(ValueError, match=f"expected dim.*{told}"):
        LOSSES[name].at(dim)


def minibatched(**config: Any) -> Any:
    asked = {"losses": [{"name": "logistic_regression", "noise": {"batch_size": 32}}], "steps": 60} | config
    return programs.run("", "gradient_descent", (0.1,), **({"dtype": "float64"} | asked))


def test_a_run_sees_minibatches_in_an_order_that_its_seed_decides() -> None:
    """Against gradient descent over the same minibatches in NumPy, across the end of an epoch."""
    from reportgen.engine.minibatch import order

    found = minibatched(seeds=3).final_x
    inputs, classes = importlib.import_module("reportgen.builtin_losses.logistic_regression").data(20, 30.0, 0)
    for seed, end in enumerate(found):
        dealt = order(len(inputs), 32, 0, 3, 60)[:, :, seed]
        w = np.zeros(20)
        for rows in dealt[:60]:
            wrong = 1 / (1 + np.exp(classes[rows] * (inputs[rows] @ w)))
            w -= 0.1 * (0.001 * w - (classes[rows] * wrong) @ inputs[rows] / 32)
        np.testing.assert_allclose(end, w, rtol=1e-10, atol=1e-13)
    assert len(np.unique(found, axis=0)) == 3


def test_an_epoch_has_every_sample_once_and_the_next_another_order() -> None:
    from reportgen.engine.minibatch import order

    dealt = order(300, 32, 0, 2, 1_000)
    epochs = dealt.reshape(64, 9 * 32, 2)
    for seed in range(2):
        for epoch in epochs[:3, :, seed]:
            assert len(set(epoch.tolist())) == 9 * 32
    assert (epochs[0] != epochs[1]).any()
    assert (epochs[0, :, 0] != epochs[0, :, 1]).any()
    np.testing.assert_array_equal(order(300, 32, 0, 1, 1_000)[:, :, 0], dealt[:, :, 0])


def test_it_is_judged_by_the_loss_over_all_samples() -> None:
    result = minibatched(seeds=2)
    value, gradient = value_and_gradient(LOSSES["logistic_regression"], result.final_x)
    np.testing.assert_allclose(result.columns["final_loss"], value, rtol=1e-12)
    np.testing.assert_allclose(result.columns["final_gradient_norm"], np.linalg.norm(gradient, axis=0), rtol=1e-9)


def test_all_evaluations_in_a_step_use_the_same_minibatch() -> None:
    """One step of Newton's method at rate 1 solves the regression on the first minibatch alone."""
    from reportgen.engine.minibatch import order

    asked = {"losses": [{"name": "linear_regression", "noise": {"batch_size": 40}}], "dtype": "float64", "steps": 1}
    found = programs.run("", "newton", (1.0,), **asked).final_x[0]
    inputs, outputs = importlib.import_module("reportgen.builtin_losses.linear_regression").data(20, 100.0, 0)
    rows = order(len(inputs), 40, 0, 1, 1)[0, :, 0]
    np.testing.assert_allclose(found, np.linalg.lstsq(inputs[rows], outputs[rows])[0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            "losses = [{name='beale', noise={batch_size=8}}]",
            "expected a loss that is a mean over samples, which beale is not",
        ),
        (
            "losses = [{name='two_spirals', noise={batch_size=201}}]",
            "expected at most 200, the number of samples of two_spirals",
        ),
        ("losses = [{name='tag:task', noise={batch_size=8}}]", "name one that has samples"),
        ("losses = [{name='two_spirals', noise={batch_size=0}}]", "expected a value >= 1"),
        (
            "losses = [{name='two_spirals', noise={batch_size=8, relative=1}}]",
            "expected exactly one of gradient_std, relative and batch_size",
        ),
        ("losses = [{name='two_spirals', dim=66}]", "dim = 66.*expected dim = 4 x"),
        ("losses = ['matrix_factorization[dim=4]']", "dim = 4.*a multiple of 4 and at least 8"),
        ("losses = ['linear_regression[seed=1.5]']", "seed = 1.5: expected an integer"),
        ("losses = ['linear_regression[condition=0]']", "condition = 0: expected a value >= 1"),
        ("losses = ['bilinear_regression[condition=0]']", "condition = 0: expected a value >= 1"),
        ("losses = ['logistic_regression[l2=-1]']", "l2 = -1: expected a value >= 0"),
    ],
)
def test_an_error_is_reported(toml: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text(toml)
    with pytest.raises(ConfigError, match=message):
        load(None, folder=tmp_path, environ={})


def test_samples_need_a_loss_that_takes_their_rows() -> None:
    from reportgen.loss import loss

    facts: dict[str, Any] = {
        "minima": [],
        "minimum": 0.0,
        "start": lambda dim: (1.0,) * dim,
        "domain": lambda dim: [(-1.0, 1.0)] * dim,
        "formula": "x",
        "source": "ours",
        "dim": 3,
        "samples": 10,
    }
    with pytest.raises(ValueError, match="samples: expected a default dimension"):
        loss(**facts | {"dim": None})
    with pytest.raises(ValueError, match="expected a second argument, rows=None"):
        loss(**facts)(lambda x: x)


@pytest.mark.usefixtures("one_worker")
def test_a_minibatch_that_is_no_mean_is_found_by_the_check(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        """
import tensorflow as tf
from reportgen.loss import loss

@loss(dim=2, samples=6, minima=[(0, 0)], minimum=0.0, start=(1, 1), domain=[(-2, 2)] * 2,
      formula="x", source="ours")
def sums(x, rows=None):
    scale = 6.0 if rows is None else tf.cast(rows.shape[0], x.dtype)
    return scale * tf.reduce_sum(x * x)
"""
    )
    (checked,) = check("mine.py:sums", tmp_path, PATIENCE)
    verdict = next(each for each in checked.verdicts if each.name == "minibatches")
    assert not verdict.passed
    assert "its mean over two parts of the rows is" in verdict.detail


def test_few_steps_need_few_orders_of_many_samples() -> None:
    from reportgen.engine.minibatch import order

    assert order(1_000_000, 10, 0, 1, steps=20).shape == (100_000, 10, 1)
