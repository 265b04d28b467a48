"""The loss on which optimizers are checked: a quadratic in any dimension, with condition number 10."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from reportgen.loss import loss
from reportgen.tensor import Tensor


@loss(
    dim=1,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [1.0 if i % 2 == 0 else -0.75 for i in range(dim)],
    domain=lambda dim: [(-2.0, 2.0)] * dim,
    formula=r"\frac{1}{2} \sum_i \lambda_i x_i^2",
    source="the plainest loss that has a minimum",
)
def quadratic(x: Tensor) -> Tensor:
    """Half the sum of squares, each multiplied by a curvature between 1 and 10."""
    return tf.reduce_sum(0.5 * np.geomspace(1, 10, x.shape[0]) * (x * x))
