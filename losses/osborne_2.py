"""Osborne's second function: an exponential and three peaks fitted to 65 observations."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

Y = np.fromstring(
    "1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 0.606 0.602 "
    "0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 0.500 0.423 0.395 0.375 "
    "0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 0.708 0.633 0.668 0.645 0.632 0.591 "
    "0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 0.428 0.292 0.162 0.098 0.054",
    sep=" ",
)
T = np.arange(65.0) / 10
MINIMIZER = (
    *(1.30997715462730053, 0.431553794602988916, 0.633661698960723996, 0.599430534785916303),
    *(0.754183226328011277, 0.904288579859633658, 1.36581183523702852, 4.82369881722715558),
    *(2.39868486613175455, 4.56887459766767158, 5.67534147058064118),
)


@loss(
    minima=[MINIMIZER],
    minimum=0.0401377362935477376,
    start=(1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5),
    domain=[(0.0, 2.0)] * 4 + [(0.0, 8.0)] * 4 + [(1.0, 3.0), (4.0, 5.0), (5.0, 6.0)],
    formula=r"\sum_{i=1}^{65} \left(y_i - x_1 e^{-t_i x_5} - x_2 e^{-(t_i - x_9)^2 x_6} "
    r"- x_3 e^{-(t_i - x_{10})^2 x_7} - x_4 e^{-(t_i - x_{11})^2 x_8}\right)^2, \quad t_i = (i - 1) / 10",
    source="Osborne 1972; Moré, Garbow and Hillstrom 1981, problem 19; domain: ours",
    note="The peaks can be permuted or vanish, which creates local minima. The curvature differs by 10^4 at the listed "
    "minimizer.",
    tags=("multimodal", "ill-conditioned", "sum-of-squares"),
)
def osborne_2(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    first, second, third = t - x9, t - x10, t - x11
    peaks = x2 * tf.exp(-(first * first) * x6) + x3 * tf.exp(-(second * second) * x7)
    residual = y - x1 * tf.exp(-t * x5) - peaks - x4 * tf.exp(-(third * third) * x8)
    return tf.reduce_sum(residual * residual, axis=0)
