"""Points of a loss's domain, and its values, gradients and Hessians there as the engine computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from reportgen.loss import Loss

_CACHE_SIZE = 8
"""Enough for the tests of one loss, which pytest runs one after another."""
_graphs: dict[Any, Any] = {}


def loss_graph(loss: Loss, quantity: str, dtype: str = "float64", block: bool | None = None) -> Any:
    """Return a traced TensorFlow function of points [dim, points], for any number of points.

    Args:
        loss: The loss.
        quantity: ``value_and_gradient`` for values [points] and gradients [dim, points], or ``hessian`` for Hessians
            [dim, dim, points].
        dtype: The dtype of the points.
        block: Whether the coordinates are kept in one tensor; by default they are as in a run of that dimension.
    """
    key = (loss.function, loss.dim, *sorted(loss.parameters.items()), quantity, dtype, block)
    if key not in _graphs:
        while len(_graphs) >= _CACHE_SIZE:
            _graphs.pop(next(iter(_graphs)))
        _graphs[key] = _trace(loss, quantity, dtype, block)
    return _graphs[key]


def _trace(loss: Loss, quantity: str, dtype: str, block: bool | None) -> Any:
    import tensorflow as tf

    from reportgen.engine import batch, dispatch, problem  # noqa: F401

    def evaluate(rows: Any) -> Any:
        x = batch.vector(rows) if block is None else batch.Vector((rows,) if block else tuple(tf.unstack(rows)))
        if quantity == "hessian":
            return problem.hessian(loss, x).value
        value, gradient = problem.value_and_gradient(loss, x)
        return value, batch.rows(gradient)

    function = tf.function(evaluate, autograph=False)
    return function.get_concrete_function(tf.TensorSpec([loss.dim, None], dtype))


def value_and_gradient(
    loss: Loss, points: npt.ArrayLike, dtype: str = "float64", block: bool | None = None
) -> tuple[Any, Any]:
    """Values [points] and gradients [dim, points] at ``points`` [points, dim].

    ``block`` says whether the coordinates are kept in one tensor; by default they are as in a run of that dimension.
    """
    import tensorflow as tf

    rows = np.asarray(points).T
    value, gradient = loss_graph(loss, "value_and_gradient", dtype, block)(tf.constant(rows, dtype))
    if (value.shape, gradient.shape) != (rows.shape[1:], rows.shape):
        raise ValueError(f"{loss.label} gives values of shape {value.shape} and gradients of shape {gradient.shape}")
    return value.numpy(), gradient.numpy()


def curvatures(loss: Loss, points: npt.ArrayLike) -> Any:
    """The eigenvalues of the Hessian, ascending, at ``points`` [points, dim]: [points, dim]."""
    import tensorflow as tf

    hessians = loss_graph(loss, "hessian")(tf.constant(np.asarray(points).T, "float64")).numpy()
    return np.linalg.eigvalsh(hessians.transpose(2, 0, 1))


def inside(loss: Loss, count: int) -> npt.NDArray[np.float64]:
    """Points drawn from the loss's domain: [count, dim]."""
    low, high = np.array(loss.domain).T
    return low + (high - low) * np.random.default_rng(1).random((count, loss.dim))


def grid(loss: Loss) -> npt.NDArray[np.float64]:
    """A regular grid over the first two coordinates of the domain, the others at its middle: [points, dim]."""
    low, high = np.array(loss.domain).T
    across = np.linspace(0, 1, 101)
    share = np.full((across.size ** min(loss.dim, 2), loss.dim), 0.5)
    share[:, :2] = np.stack(np.meshgrid(*[across] * min(loss.dim, 2)), axis=-1).reshape(-1, min(loss.dim, 2))
    return low + (high - low) * share
