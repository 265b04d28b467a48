"""Points of a loss's domain, and its values, gradients and Hessians there as the engine computes them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from reportgen.loss import Loss

_graphs: dict[Any, Any] = {}
"""All that were traced: tracing takes most of the time of these tests."""


def loss_graph(loss: Loss, quantity: str, dtype: str = "float64") -> Any:
    """Return a traced TensorFlow function of points [points, dim], for any number of points.

    Args:
        loss: The loss.
        quantity: ``value_and_gradient`` for values [points] and gradients [points, dim], or ``hessian`` for Hessians
            [points, dim, dim].
        dtype: The dtype of the points.
    """
    key = (loss.function, loss.dim, *sorted(loss.parameters.items()), quantity, dtype)
    if key not in _graphs:
        _graphs[key] = _trace(loss, quantity, dtype)
    return _graphs[key]


def _trace(loss: Loss, quantity: str, dtype: str) -> Any:
    import tensorflow as tf

    from reportgen.engine import evaluation

    of_point = partial(getattr(evaluation, quantity), loss)
    function = tf.function(lambda points: evaluation.map_runs(of_point, points), autograph=False)
    return function.get_concrete_function(tf.TensorSpec([None, loss.dim], dtype))


def value_and_gradient(loss: Loss, points: npt.ArrayLike, dtype: str = "float64") -> tuple[Any, Any]:
    """Values [points] and gradients [dim, points] at ``points`` [points, dim]."""
    import tensorflow as tf

    value, gradient = loss_graph(loss, "value_and_gradient", dtype)(tf.constant(np.asarray(points), dtype))
    if (value.shape, gradient.shape) != (np.shape(points)[:1], np.shape(points)):
        raise ValueError(f"{loss.label} gives values of shape {value.shape} and gradients of shape {gradient.shape}")
    return value.numpy(), gradient.numpy().T


def curvatures(loss: Loss, points: npt.ArrayLike) -> Any:
    """The eigenvalues of the Hessian, ascending, at ``points`` [points, dim]: [points, dim]."""
    import tensorflow as tf

    return np.linalg.eigvalsh(loss_graph(loss, "hessian")(tf.constant(np.asarray(points), "float64")).numpy())


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
