"""Powell's badly scaled function: the coordinates of its minimizers differ by six orders of magnitude."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(1.09815932969981746e-5, 9.10614673986652401), (9.10614673986652401, 1.09815932969981746e-5)],
    minimum=0.0,
    start=(0.0, 1.0),
    domain=[(-1.0, 10.0), (-1.0, 10.0)],
    formula=r"(10^4 x y - 1)^2 + \left(e^{-x} + e^{-y} - 1.0001\right)^2",
    source="Powell 1970; Moré, Garbow and Hillstrom 1981, problem 3; domain: ours",
    note="The curvature across its valley is 10^18 times that along it. In single precision the floor of the valley is "
    "flat.",
    tags=("multimodal", "ill-conditioned", "sum-of-squares"),
)
def powell_badly_scaled(x, y):
    product = 1e4 * x * y - 1
    exponentials = tf.exp(-x) + tf.exp(-y) - 1.0001
    return product * product + exponentials * exponentials
