"""The trid function: a convex quadratic with a minimizer that moves away as the dimension grows."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [[i * (dim + 1 - i) for i in range(1, dim + 1)]],
    minimum=lambda dim: -dim * (dim + 4) * (dim - 1) / 6,
    start=lambda dim: (0.0,) * dim,
    domain=lambda dim: [(-float(dim * dim), float(dim * dim))] * dim,
    formula=r"\sum_{i=1}^{n} (x_i - 1)^2 - \sum_{i=2}^{n} x_i x_{i-1}",
    source="Surjanovic and Bingham 2013; start: ours",
    tags=("convex", "n-d"),
    note="Both |f*| and the condition number grow with the dimension, f* as -n^3 / 6. In many dimensions float32 "
    "rounding hides the last part of the descent.",
)
def trid(x):
    off = x - 1
    return tf.reduce_sum(off * off, axis=0) - tf.reduce_sum(x[1:] * x[:-1], axis=0)
