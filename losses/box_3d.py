"""Box's three-dimensional function: two decay rates and a factor, with a line of further minimizers."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

T = np.arange(1.0, 11.0) / 10


@loss(
    title="Box 3-D",
    minima=[(1.0, 10.0, 1.0), (10.0, 1.0, -1.0), (1.0, 1.0, 0.0), (5.0, 5.0, 0.0)],
    minimum=0.0,
    start=(0.0, 10.0, 20.0),
    domain=[(0.0, 12.0), (0.0, 12.0), (-2.0, 20.0)],
    formula=r"\sum_{i=1}^{10} \left(e^{-t_i x} - e^{-t_i y} - z\,(e^{-t_i} - e^{-10 t_i})\right)^2, \quad t_i = i / 10",
    source="Box 1966; Moré, Garbow and Hillstrom 1981, problem 12 (with m = 10; CUTEst starts at (0, 10, 1)); "
    "domain: ours",
    note="Besides (1, 10, 1) and (10, 1, -1), every point of the line x = y, z = 0 is a minimizer; two of them are "
    "listed.",
    tags=("multimodal", "ill-conditioned", "sum-of-squares"),
)
def box_3d(x, y, z):
    t = tf.constant(T, x.dtype)
    residual = tf.exp(-t * x) - tf.exp(-t * y) - z * (tf.exp(-t) - tf.exp(-10 * t))
    return tf.reduce_sum(residual * residual, axis=0)
