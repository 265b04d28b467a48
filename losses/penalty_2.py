"""The second penalty function in four coordinates: weak exponential terms and a strong pull onto an ellipsoid."""

import math

import tensorflow as tf

from reportgen.loss import loss

WEIGHT = 1e-5


@loss(
    minima=[(0.199999333350380385, 0.191316700992772451, 0.480101485332623167, 0.518845404390200593)],
    minimum=9.37629300735544154e-6,
    start=(0.5,) * 4,
    domain=[(-1.0, 1.0)] * 4,
    formula=r"(x_1 - 0.2)^2 + 10^{-5} \sum_{i=2}^{4} \left[ \left(e^{x_i/10} + e^{x_{i-1}/10} - y_i\right)^2 "
    r"+ \left(e^{x_i/10} - e^{-1/10}\right)^2 \right] + \left(\sum_{i=1}^{4} (5 - i)\, x_i^2 - 1\right)^2, \quad "
    r"y_i = e^{i/10} + e^{(i-1)/10}",
    source="Gill, Murray and Pitfield 1972; Moré, Garbow and Hillstrom 1981, problem 24 (with n = 4); domain: ours",
    note="On the ellipsoid the slope is about 10^-6, and most of it is flat in single precision.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def penalty_2(x1, x2, x3, x4):
    e = [tf.exp(each / 10) for each in (x1, x2, x3, x4)]
    steps = [e[i] + e[i - 1] - (math.exp((i + 1) / 10) + math.exp(i / 10)) for i in (1, 2, 3)]
    floors = [each - math.exp(-0.1) for each in e[1:]]
    first, outside = x1 - 0.2, 4 * (x1 * x1) + 3 * (x2 * x2) + 2 * (x3 * x3) + x4 * x4 - 1
    return first * first + WEIGHT * sum(each * each for each in steps + floors) + outside * outside
