"""Logistic regression with an L2 penalty on generated data."""

from functools import cache

import numpy as np
import tensorflow as tf
from reportgen.builtin_losses.samples import chosen, correlated, generator

from reportgen.loss import loss


def samples(dim):
    """The number of samples: twice the number of coordinates, and at least 300."""
    return max(300, 2 * dim)


@cache
def data(dim, condition, seed):
    """Samples, [samples, dim], and their classes, -1 and 1; some lie on the wrong side of the boundary."""
    draw = generator(seed)
    inputs = correlated(draw, samples(dim), dim, condition)
    margins = inputs @ (draw.normal(size=dim) * 3)
    return inputs, np.where(margins + draw.logistic(size=len(inputs)) > 0, 1.0, -1.0)


@cache
def solution(dim, l2, condition, seed):
    """Minimizer, [dim], and minimum, by Newton's method with steps that are halved while they increase the loss."""
    if l2 < 0:
        raise ValueError(f"l2 = {l2}: expected a value >= 0")
    inputs, classes = data(dim, condition, seed)
    signed = inputs * classes[:, np.newaxis]

    def value(weights):
        return np.logaddexp(0, -signed @ weights).mean() + l2 / 2 * (weights @ weights)

    weights = np.zeros(dim)
    for _ in range(50):
        wrong = 1 / (1 + np.exp(signed @ weights))
        gradient = l2 * weights - signed.T @ wrong / len(wrong)
        hessian = (signed.T * (wrong * (1 - wrong))) @ signed / len(wrong) + l2 * np.eye(dim)
        step = np.linalg.solve(hessian, gradient)
        while value(weights - step) > value(weights) and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-13:
            break
    return weights, value(weights)


@loss(
    dim=20,
    samples=samples,
    minima=lambda dim, *, l2, condition, seed: [solution(dim, l2, condition, seed)[0]],
    minimum=lambda dim, *, l2, condition, seed: solution(dim, l2, condition, seed)[1],
    start=lambda dim: (0.0,) * dim,
    domain=lambda dim: [(-8.0, 8.0)] * dim,
    formula=r"\frac{1}{m} \sum_{i=1}^{m} \log\left(1 + e^{-b_i a_i^{\top} w}\right) + \frac{\lambda}{2} \|w\|^2",
    source="ours: normal data with second moments from 1 to 1 / condition, classes drawn from the model itself",
    note="Strongly convex, but flat if every sample is far from the boundary: then all curvature comes from the "
    "penalty l2.",
    tags=("convex", "n-d", "task"),
)
def logistic_regression(w, rows=None, *, l2=0.001, condition=30.0, seed=0):
    inputs, classes = data(w.shape[0], condition, seed)
    margins = tf.linalg.matvec(chosen(inputs, w, rows), w) * chosen(classes, w, rows)
    return tf.reduce_mean(tf.math.softplus(-margins)) + l2 / 2 * tf.reduce_sum(w * w)
