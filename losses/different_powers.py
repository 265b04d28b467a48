"""The sum of different powers: the minimum becomes flatter with each coordinate."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-3.0 if i % 2 == 0 else 4.0 for i in range(dim)],
    domain=lambda dim: [(-5.0, 5.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left| x_i \right|^{2 + 4 \frac{i-1}{n-1}}",
    source="Hansen et al. 2009, function 14, without its root and transformations; start: ours",
    tags=("convex", "ill-conditioned", "n-d"),
    note="The exponents grow from 2 to 6: the last coordinate is steep at the start, and has no curvature near the "
    "minimum.",
)
def different_powers(x):
    return tf.reduce_sum(tf.abs(x) ** np.linspace(2.0, 6.0, x.shape[0]), axis=0)
