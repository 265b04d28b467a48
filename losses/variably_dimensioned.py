"""The variably dimensioned function: a sphere plus a steep quartic along one direction."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=10,
    minima=lambda dim: [(1.0,) * dim],
    minimum=0.0,
    start=lambda dim: [1 - i / dim for i in range(1, dim + 1)],
    domain=lambda dim: [(-1.0, 3.0)] * dim,
    formula=r"\sum_{i=1}^{n} (x_i - 1)^2 + s^2 + s^4, \quad s = \sum_{j=1}^{n} j\,(x_j - 1)",
    source="Moré, Garbow and Hillstrom 1981, problem 25; domain: ours",
    note="The gradient at the start grows as the eighth power of the dimension. A learning rate small enough for it "
    "makes hardly any progress in the other directions.",
    tags=("convex", "n-d", "ill-conditioned", "sum-of-squares"),
)
def variably_dimensioned(x):
    off = x - 1
    weighted = tf.reduce_sum(np.arange(1.0, x.shape[0] + 1) * off, axis=0)
    square = weighted * weighted
    return tf.reduce_sum(off * off, axis=0) + square + square * square
