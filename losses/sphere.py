"""The sphere: the simplest loss."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-3.0 if i % 2 == 0 else 4.0 for i in range(dim)],
    domain=lambda dim: [(-5.0, 5.0)] * dim,
    formula=r"\sum_{i=1}^{n} x_i^2",
    source="De Jong 1975; start: ours",
    tags=("convex", "n-d", "sum-of-squares"),
    note="Gradient descent with a learning rate of 0.5 solves it in one step, so slow progress is due to the optimizer "
    "alone.",
)
def sphere(x):
    return tf.reduce_sum(x * x, axis=0)
