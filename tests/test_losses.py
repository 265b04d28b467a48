"""Every built-in loss: its facts hold, and its gradient is the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reportgen import catalogue
from reportgen.environment import import_tensorflow
from reportgen.loss import Loss

import_tensorflow()
CASES = [loss for name in catalogue.losses() for loss in [catalogue.losses()[name]]]
CASES += [loss.at(20) for loss in CASES if loss.default_dim]
EACH = pytest.mark.parametrize("loss", CASES, ids=lambda loss: loss.label)


def value_and_gradient(loss: Loss, points: npt.ArrayLike, dtype: str = "float64") -> tuple[Any, Any]:
    """Values [points] and gradients [dim, points] at ``points`` [points, dim]."""
    import tensorflow as tf

    from reportgen.engine import batch, dispatch, problem  # noqa: F401

    @tf.function(autograph=False)
    def evaluate(rows: Any) -> Any:
        value, gradient = problem.value_and_gradient(loss, batch.vector(rows))
        return value, batch.rows(gradient)

    value, gradient = evaluate(tf.constant(np.asarray(points).T, dtype))
    return value.numpy(), gradient.numpy()


def inside(loss: Loss, count: int) -> npt.NDArray[np.float64]:
    """Points drawn from the loss's domain: [count, dim]."""
    low, high = np.array(loss.domain).T
    return low + (high - low) * np.random.default_rng(1).random((count, loss.dim))


@EACH
def test_minimum_is_the_value_at_each_minimizer(loss: Loss) -> None:
    value, gradient = value_and_gradient(loss, loss.minima)
    np.testing.assert_allclose(value, loss.minimum, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@EACH
def test_no_lower_value_is_in_the_domain(loss: Loss) -> None:
    value, _ = value_and_gradient(loss, inside(loss, 20_000))
    assert value.min() >= loss.minimum


@EACH
def test_gradient_is_that_of_finite_differences(loss: Loss) -> None:
    points, width = inside(loss, 50), 1e-5
    _, gradient = value_and_gradient(loss, points)
    for i in range(loss.dim):
        shift = width * np.eye(loss.dim)[i]
        ahead, _ = value_and_gradient(loss, points + shift)
        behind, _ = value_and_gradient(loss, points - shift)
        np.testing.assert_allclose(gradient[i], (ahead - behind) / (2 * width), rtol=1e-6, atol=1e-4)


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_finite_on_its_domain_and_keeps_the_dtype(loss: Loss, dtype: str) -> None:
    value, gradient = value_and_gradient(loss, inside(loss, 5_000), dtype)
    assert value.dtype == gradient.dtype == np.dtype(dtype)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("name", "expected"), [("quartic", 58.0), ("rosenbrock", 24.2), ("beale", 14.203125)])
def test_value_at_the_standard_start_is_that_of_the_literature(name: str, expected: float) -> None:
    loss = catalogue.losses()[name]
    value, _ = value_and_gradient(loss, [loss.start])
    assert value[0] == pytest.approx(expected, rel=1e-14)


def test_a_dimension_that_a_loss_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed dimension of 2"):
        catalogue.losses()["beale"].at(3)
    with pytest.raises(ValueError, match="2 or more is expected"):
        catalogue.losses()["rosenbrock"].at(1)
