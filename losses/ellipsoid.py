"""The ellipsoid: an axis-parallel quadratic with curvatures over a given range."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-3.0 if i % 2 == 0 else 4.0 for i in range(dim)],
    domain=lambda dim: [(-5.0, 5.0)] * dim,
    formula=r"\sum_{i=1}^{n} \kappa^{\frac{i-1}{n-1}} x_i^2",
    source="Hansen et al. 2009, function 2, without its transformations; start: ours",
    tags=("convex", "ill-conditioned", "n-d", "sum-of-squares"),
    note="With a condition number of a million, gradient descent hardly moves along the first axis. A method with a "
    "learning rate per coordinate is unaffected, because the axes are those of the coordinates.",
)
def ellipsoid(x, *, condition=1e6):
    return tf.reduce_sum(np.logspace(0, np.log10(condition), x.shape[0]) * (x * x), axis=0)
