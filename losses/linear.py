"""Two linear least-squares problems: one of full rank, equivalent to a sphere, and one of rank one."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=10,
    minima=lambda dim: [(-1.0,) * dim],
    minimum=lambda dim: dim,
    start=lambda dim: [1.0] * dim,
    domain=lambda dim: [(-2.0, 2.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left(x_i - \bar{x} - 1\right)^2 + n \left(\bar{x} + 1\right)^2, \quad "
    r"\bar{x} = \frac{1}{n} \sum_{j=1}^{n} x_j",
    source="Moré, Garbow and Hillstrom 1981, problem 32 (with m = 2n); domain: ours",
    note="It equals n plus the squared distance from the minimizer, so gradient descent with learning rate 1/2 needs "
    "one step. The minimum is n, not zero.",
    tags=("convex", "n-d", "sum-of-squares"),
)
def linear_full_rank(x):
    mean = tf.reduce_sum(x, axis=0) / x.shape[0]
    first, second = x - mean - 1, mean + 1
    return tf.reduce_sum(first * first, axis=0) + x.shape[0] * (second * second)


def _nearest_minimizer(dim):
    """The minimizer closest to zero, [dim]."""
    return 18 * np.arange(1.0, dim + 1) / (dim * (dim + 1) * (2 * dim + 1) ** 2)


@loss(
    dim=10,
    minima=lambda dim: [_nearest_minimizer(dim)],
    minimum=lambda dim: dim * (dim - 1) / (2 * (2 * dim + 1)),
    start=lambda dim: [1.0] * dim,
    domain=lambda dim: [(-2.0, 2.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left(i \sum_{j=1}^{n} j x_j - 1\right)^2",
    source="Moré, Garbow and Hillstrom 1981, problem 33 (with m = n); domain: ours",
    note="Every point of the plane on which the sum of j x_j is 3/(2n + 1) is a minimizer; the one closest to zero is "
    "listed. The curvature across the plane grows as the sixth power of the dimension.",
    tags=("convex", "n-d", "ill-conditioned", "sum-of-squares"),
)
def linear_rank_1(x):
    # The sum over i in closed form: one square plus the minimum.
    n = x.shape[0]
    off = tf.reduce_sum(np.arange(1.0, n + 1) * x, axis=0) - 3 / (2 * n + 1)
    return (n * (n + 1) * (2 * n + 1) / 6) * (off * off) + n * (n - 1) / (2 * (2 * n + 1))
