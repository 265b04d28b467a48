"""Dixon and Price's function: a chain in which each coordinate is a root of the previous one."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


def _minima(dim):
    chain = [2.0 ** (2.0 ** (1 - i) - 1) for i in range(1, dim + 1)]
    return [chain, [*chain[:-1], -chain[-1]]]


@loss(
    title="Dixon-Price",
    dim=2,
    minima=_minima,
    minimum=0.0,
    saddles=lambda dim: [(1 / 3,) + (0.0,) * (dim - 1)],
    start=lambda dim: [-2.0 if i % 2 == 0 else 3.0 for i in range(dim)],
    domain=lambda dim: [(-10.0, 10.0)] * dim,
    formula=r"(x_1 - 1)^2 + \sum_{i=2}^{n} i \left( 2x_i^2 - x_{i-1} \right)^2",
    source="Dixon and Price 1989; start: ours",
    tags=("multimodal", "saddle", "n-d", "sum-of-squares"),
    note="Trajectories end at (1/3, 0, ..., 0) with a loss of 2/3. It is a saddle, and in more than two dimensions it "
    "is so flat that hardly any method leaves it.",
)
def dixon_price(x):
    first, tail = x[0] - 1, x[1:]
    off = 2 * (tail * tail) - x[:-1]
    return first * first + tf.reduce_sum(np.arange(2.0, x.shape[0] + 1) * (off * off), axis=0)
