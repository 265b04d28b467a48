"""Least squares on generated data with a given condition number."""

from functools import cache

import numpy as np
import tensorflow as tf
from reportgen.builtin_losses.samples import chosen, correlated, generator

from reportgen.loss import loss


def samples(dim):
    """The number of samples: twice the number of coordinates, and at least 200."""
    return max(200, 2 * dim)


@cache
def data(dim, condition, seed):
    """Samples, [samples, dim], and their noisy targets, [samples]."""
    draw = generator(seed)
    inputs = correlated(draw, samples(dim), dim, condition)
    return inputs, inputs @ draw.normal(size=dim) + 0.1 * draw.normal(size=len(inputs))


@cache
def solution(dim, condition, seed):
    """Minimizer, [dim], and minimum."""
    inputs, outputs = data(dim, condition, seed)
    weights = np.linalg.lstsq(inputs, outputs)[0]
    residual = inputs @ weights - outputs
    return weights, residual @ residual / len(residual) / 2


@loss(
    dim=20,
    samples=samples,
    minima=lambda dim, *, condition, seed: [solution(dim, condition, seed)[0]],
    minimum=lambda dim, *, condition, seed: solution(dim, condition, seed)[1],
    start=lambda dim: (0.0,) * dim,
    domain=lambda dim: [(-3.0, 3.0)] * dim,
    formula=r"\frac{1}{2m} \sum_{i=1}^{m} \left(a_i^{\top} w - b_i\right)^2",
    source="ours: normal data that is turned and stretched so that the Hessian has the eigenvalues 1 to 1 / condition, "
    "evenly spaced on a logarithmic scale",
    note="In the least curved directions gradient descent needs about as many steps as the condition number, and these "
    "directions hardly affect the loss.",
    tags=("convex", "ill-conditioned", "n-d", "sum-of-squares", "task"),
)
def linear_regression(w, rows=None, *, condition=100.0, seed=0):
    inputs, outputs = data(w.shape[0], condition, seed)
    residual = tf.linalg.matvec(chosen(inputs, w, rows), w) - chosen(outputs, w, rows)
    return tf.reduce_mean(residual * residual) / 2
