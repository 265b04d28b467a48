"""Osborne's first function: two exponentials and a constant fitted to 33 observations."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

Y = np.fromstring(
    "0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628 0.603 0.580 "
    "0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 0.414 0.411 0.406",
    sep=" ",
)
T = 10 * np.arange(33.0)


@loss(
    minima=[
        (0.375410052106952042, 1.93584691271236736, -1.46468713661342312, 0.0128675346400572887, 0.0221226996616726111),
    ],
    minimum=0.0000546489469748290642,
    start=(0.5, 1.5, -1.0, 0.01, 0.02),
    domain=[(0.0, 1.0), (0.0, 3.0), (-3.0, 0.0), (0.0, 0.1), (0.0, 0.1)],
    formula=r"\sum_{i=1}^{33} \left(y_i - x_1 - x_2 e^{-t_i x_4} - x_3 e^{-t_i x_5}\right)^2, \quad t_i = 10 (i - 1)",
    source="Osborne 1972; Moré, Garbow and Hillstrom 1981, problem 17; domain: ours",
    note="Two exponentials with nearly equal decay rates and opposite signs cancel: the curvature differs by 10^9. A "
    "slightly negative decay rate overflows.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def osborne_1(x1, x2, x3, x4, x5):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    residual = y - x1 - x2 * tf.exp(-t * x4) - x3 * tf.exp(-t * x5)
    return tf.reduce_sum(residual * residual, axis=0)
