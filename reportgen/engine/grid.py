"""Each loss on the grid that its pictures need, so that drawing never needs TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from reportgen.engine.evaluation import evaluate, map_runs
from reportgen.engine.result import Array, Grid, Plane
from reportgen.loss import Interval, Loss

POINTS = {1: 513, 2: 129}
"""Points along each axis, by dimension; odd, so that the middle of the domain is one of them."""

CHUNK = 2_000_000
"""Numbers that are evaluated at once, coordinates or samples; a function keeps several times as many."""


def evaluate_grid(loss: Loss, dtype: str) -> Grid | None:
    """The loss on a regular grid over its domain; None in more than two dimensions."""
    if loss.dim not in POINTS:
        return None
    axes, points = _mesh(loss.domain)
    return _grid(axes, _values(loss, points, lambda part: part, dtype))


def evaluate_plane(loss: Loss, plane: Plane, box: Sequence[Interval], dtype: str) -> Grid:
    """The loss on a regular grid over a ``box`` on a plane through its domain."""
    axes, points = _mesh(box)
    return _grid(axes, _values(loss, points, lambda part: plane.origin + part @ plane.directions, dtype), plane)


def _mesh(box: Sequence[Interval]) -> tuple[list[Array], Array]:
    """The axes, and the points [points, axes], row by row of the last axis."""
    axes = [np.linspace(low, high, POINTS[len(box)]) for low, high in box]
    return axes, np.stack([mesh.ravel() for mesh in np.meshgrid(*axes)], axis=1)


def _values(loss: Loss, points: Array, placed: Callable[[Array], Array], dtype: str) -> Array:
    """The loss where ``placed`` puts each of the ``points``, some at a time."""
    size = max(1, CHUNK // max(loss.dim, 16 * loss.samples))
    parts = (placed(points[begin : begin + size]) for begin in range(0, len(points), size))
    values = tf.function(lambda x: map_runs(partial(evaluate, loss), x), autograph=False)
    return np.concatenate([values(tf.constant(part, dtype)).numpy() for part in parts])


def _grid(axes: list[Array], values: Array, plane: Plane | None = None) -> Grid:
    y = axes[1] if len(axes) == 2 else np.array([])
    return Grid(axes[0], y, values.reshape(max(len(y), 1), len(axes[0])), plane)
