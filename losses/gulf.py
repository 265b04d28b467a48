"""The Gulf Research and Development function: a survival curve of three parameters, flat almost everywhere."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

T = np.arange(1.0, 100.0) / 100
Y = 25 + (-50 * np.log(T)) ** (2 / 3)


@loss(
    minima=[(50.0, 25.0, 1.5)],
    minimum=0.0,
    start=(5.0, 2.5, 0.15),
    domain=[(1.0, 100.0), (0.0, 25.6), (0.1, 3.0)],
    formula=r"\sum_{i=1}^{99} \left(\exp\left(-\frac{|y_i - x_2|^{x_3}}{x_1}\right) - t_i\right)^2, \quad "
    r"t_i = i / 100, \; y_i = 25 + (-50 \ln t_i)^{2/3}",
    source="Cox 1969; Moré, Garbow and Hillstrom 1981, problem 11 (with m = 99); y_i m i x_2 there is a "
    "misprint for y_i - x_2; domain: ours",
    note="If every exponential is near 0 or near 1, the gradient is almost zero, even far from the minimizer.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def gulf(x1, x2, x3):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    distance = tf.abs(y - x2)
    met = distance == 0
    # The power by logarithm: if x2 equals an observation, the power is 0, and 1 replaces the 0 in the logarithm.
    power = tf.where(met, 0 * distance, tf.exp(x3 * tf.math.log(tf.where(met, 1 + distance, distance))))
    residual = tf.exp(-power / x1) - t
    return tf.reduce_sum(residual * residual, axis=0)
