"""A convex quadratic of any condition number, with axes turned by a seeded rotation."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

FULL = 64
"""The largest dimension with a full rotation of all coordinates; its cost per coordinate grows with the dimension."""


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: (1.0,) * dim,
    domain=lambda dim: [(-2.0, 2.0)] * dim,
    formula=r"\frac{1}{2} x^{\top} A x, \quad A = Q^{\top} "
    r"\operatorname{diag}\left( 1, \ldots, \kappa^{\frac{i-1}{n-1}}, \ldots, \kappa \right) Q",
    source="ours; the eigenvalues of A are spaced evenly on a logarithmic scale",
    tags=("convex", "ill-conditioned", "n-d"),
    note="With condition number kappa, the best fixed learning rate of gradient descent, 2 / (1 + kappa), still needs "
    "about kappa steps. Beyond 64 coordinates Q consists of three reflections, and A is nearly diagonal.",
)
def quadratic(x, *, condition=100.0, seed=0):
    dim = x.shape[0]
    eigenvalues = np.logspace(0, np.log10(condition), dim)
    draw = np.random.default_rng(seed)
    if dim <= FULL:
        rotation = np.linalg.qr(draw.normal(size=(dim, dim)))[0]
        along = [tf.reduce_sum(axis * x, axis=0) for axis in rotation]
        return sum(value * (each * each) for value, each in zip(eigenvalues.tolist(), along, strict=True)) / 2
    for normal in draw.normal(size=(3, dim)):
        unit = tf.zeros_like(x) + normal / np.linalg.norm(normal)
        x = x - 2 * tf.reduce_sum(unit * x, axis=0) * unit
    return tf.reduce_sum(eigenvalues * (x * x), axis=0) / 2
