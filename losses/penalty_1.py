"""The first penalty function: a weak pull towards (1, ..., 1) and a strong pull onto a sphere."""

import math

import tensorflow as tf

from reportgen.loss import loss

WEIGHT = 1e-5


def _coordinate(dim):
    """The largest root s of 2 n s^3 - (1/2 - a) s - a, where the gradient vanishes with all coordinates equal."""
    s = 1 / math.sqrt(dim)
    for _ in range(30):
        s -= (2 * dim * s * s * s - (0.5 - WEIGHT) * s - WEIGHT) / (6 * dim * s * s - (0.5 - WEIGHT))
    return s


def _minimum(dim):
    s = _coordinate(dim)
    return WEIGHT * dim * (s - 1) ** 2 + (dim * s * s - 0.25) ** 2


@loss(
    dim=4,
    minima=lambda dim: [(_coordinate(dim),) * dim],
    minimum=_minimum,
    start=lambda dim: [float(i) for i in range(1, dim + 1)],
    domain=lambda dim: [(-1.0, i + 1.0) for i in range(1, dim + 1)],
    formula=r"10^{-5} \sum_{i=1}^{n} (x_i - 1)^2 + \left(\sum_{i=1}^{n} x_i^2 - \frac{1}{4}\right)^2",
    source="Gill, Murray and Pitfield 1972; Moré, Garbow and Hillstrom 1981, problem 23; domain: ours",
    note="Methods reach the sphere of radius 1/2 at once. Along it the slope is about 10^-5, and in single precision "
    "it is nearly flat.",
    tags=("n-d", "ill-conditioned", "sum-of-squares"),
)
def penalty_1(x):
    off, outside = x - 1, tf.reduce_sum(x * x, axis=0) - 0.25
    return WEIGHT * tf.reduce_sum(off * off, axis=0) + outside * outside
