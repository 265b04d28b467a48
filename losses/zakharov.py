"""Zakharov's function: a bowl with a steep wall along one direction."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [3.0 if i % 2 == 0 else -2.0 for i in range(dim)],
    domain=lambda dim: [(-5.0, 10.0)] * dim,
    formula=r"\sum_{i=1}^{n} x_i^2 + \left( \frac{1}{2} \sum_{i=1}^{n} i x_i \right)^2 "
    r"+ \left( \frac{1}{2} \sum_{i=1}^{n} i x_i \right)^4",
    source="Jamil and Yang 2013; start: ours",
    tags=("convex", "n-d"),
    note="The fourth power of a weighted sum makes the first steps diverge at a learning rate that is too small later, "
    "more so in more dimensions.",
)
def zakharov(x):
    ramp = tf.reduce_sum(np.arange(1.0, x.shape[0] + 1) / 2 * x, axis=0)
    ramp2 = ramp * ramp
    return tf.reduce_sum(x * x, axis=0) + ramp2 + ramp2 * ramp2
