"""A bell curve of three parameters fitted to rounded values of the normal density."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

HALF = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
Y = np.array([*HALF, 0.3989, *reversed(HALF)])
T = np.arange(7.0, -8.0, -1.0) / 2


@loss(
    minima=[(0.39895613783875668, 1.0000190844878057, 0.0)],
    minimum=1.12793276961864803e-8,
    start=(0.4, 1.0, 0.0),
    domain=[(0.0, 1.0), (0.0, 3.0), (-1.0, 1.0)],
    formula=r"\sum_{i=1}^{15} \left(x_1 e^{-x_2 (t_i - x_3)^2 / 2} - y_i\right)^2, \quad t_i = (8 - i) / 2",
    source="Moré, Garbow and Hillstrom 1981, problem 9; domain: ours",
    note="The standard start is so close to the minimizer that its loss is already 4e-6. Far from the minimizer the "
    "bell curve is flat.",
    tags=("sum-of-squares",),
)
def gaussian(x1, x2, x3):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    off = t - x3
    residual = x1 * tf.exp(-x2 * (off * off) / 2) - y
    return tf.reduce_sum(residual * residual, axis=0)
