"""Rosenbrock's curved valley, in its chained form for more than two coordinates."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(1.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-1.2 if i % 2 == 0 else 1.0 for i in range(dim)],
    domain=lambda dim: [(-2.0, 2.0)] + [(-1.0, 3.0)] * (dim - 1),
    formula=r"\sum_{i=1}^{n-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    source="Rosenbrock 1960; start: Moré, Garbow and Hillstrom 1981, problem 1",
    note="The valley is found at once; along its floor the slope is a thousand times smaller than across it.",
)
def rosenbrock(x):
    head, tail = x[:-1], x[1:]
    off_floor = tail - head * head
    return tf.reduce_sum(100 * (off_floor * off_floor) + (1 - head) * (1 - head), axis=0)
