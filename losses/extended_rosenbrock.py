"""Rosenbrock's valley once for each pair of coordinates, with no coupling between the pairs."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    title="Extended Rosenbrock",
    dim=10,
    minima=lambda dim: [(1.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-1.2 if i % 2 == 0 else 1.0 for i in range(dim)],
    domain=lambda dim: [(-2.0, 2.0) if i % 2 == 0 else (-1.0, 3.0) for i in range(dim)],
    formula=r"\sum_{i=1}^{n/2} \left[ 100\,(x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2 \right]",
    source="Moré, Garbow and Hillstrom 1981, problem 21; in an odd dimension the last residual is 1 - x_n: ours; "
    "domain: ours",
    note="The pairs are independent. It is no harder than in two dimensions, except for a method with one step size "
    "for all pairs.",
    tags=("n-d", "ill-conditioned", "sum-of-squares"),
)
def extended_rosenbrock(x):
    first, second = x[0::2], x[1::2]
    paired = first[: second.shape[0]]
    off_floor = second - paired * paired
    return 100 * tf.reduce_sum(off_floor * off_floor, axis=0) + tf.reduce_sum((1 - first) * (1 - first), axis=0)
