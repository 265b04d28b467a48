"""Bard's function: a rational model of three parameters fitted to fifteen observations."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

Y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
U = np.arange(1.0, 16.0)


@loss(
    minima=[(0.0824105597497889324, 1.13303609202972156, 2.34369517864253714)],
    minimum=0.00821487730657897475,
    start=(1.0, 1.0, 1.0),
    domain=[(-1.0, 2.0), (0.2, 4.0), (0.2, 4.0)],
    formula=r"\sum_{i=1}^{15} \left(y_i - x_1 - \frac{u_i}{v_i x_2 + w_i x_3}\right)^2, \quad "
    r"u_i = i, \; v_i = 16 - i, \; w_i = \min(u_i, v_i)",
    source="Bard 1970; Moré, Garbow and Hillstrom 1981, problem 8; domain: ours",
    note="Far out, with x2 and x3 near minus infinity, the loss falls towards 17.4286 but not below. On the way there "
    "a denominator passes through zero.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def bard(x1, x2, x3):
    u, y = tf.constant(U, x1.dtype), tf.constant(Y, x1.dtype)
    v = 16 - u
    residual = y - x1 - u / (v * x2 + tf.minimum(u, v) * x3)
    return tf.reduce_sum(residual * residual, axis=0)
