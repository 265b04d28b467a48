"""Each loss on the grid that its pictures need, so that drawing never needs TensorFlow."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.problem import evaluate
from reportgen.engine.result import Grid
from reportgen.loss import Loss

POINTS = {1: 513, 2: 129}
"""Points along each axis, by dimension; odd, so that the middle of the domain is one of them."""


def evaluate_grid(loss: Loss, dtype: str) -> Grid | None:
    """The loss on a regular grid over its domain; None in more than two dimensions."""
    if loss.dim not in POINTS:
        return None
    axes = [np.linspace(low, high, POINTS[loss.dim]) for low, high in loss.domain]
    mesh = np.meshgrid(*axes)
    points = batch.vector(tf.constant(np.stack([m.ravel() for m in mesh]), dtype))
    values = evaluate(loss, points).numpy().reshape(mesh[0].shape)
    return Grid(axes[0], axes[1] if loss.dim == 2 else np.array([]), np.atleast_2d(values))
