"""Watson's function: the coefficients of a polynomial that solves a differential equation."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

T = np.arange(1.0, 30.0) / 29
MINIMIZER = (
    *(-0.0157250864014584568, 1.01243486936910986, -0.232991625956737684),
    *(1.26043008779960834, -1.51372892272227967, 0.992996432431134522),
)


@loss(
    minima=[MINIMIZER],
    minimum=0.00228767005355243624,
    start=(0.0,) * 6,
    domain=[(-2.0, 2.0)] * 6,
    formula=r"\sum_{i=1}^{29} \left(\sum_{j=2}^{6} (j - 1) x_j t_i^{j-2} "
    r"- \left(\sum_{j=1}^{6} x_j t_i^{j-1}\right)^2 - 1\right)^2 + x_1^2 + (x_2 - x_1^2 - 1)^2, \quad t_i = i / 29",
    source="Kowalik and Osborne 1968; Moré, Garbow and Hillstrom 1981, problem 20 (with n = 6); domain: ours",
    note="The powers of t are nearly dependent: the curvature differs by 10^5 at the minimizer.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def watson(x1, x2, x3, x4, x5, x6):
    t = tf.constant(T, x1.dtype)
    slope = x2 + t * (2 * x3 + t * (3 * x4 + t * (4 * x5 + t * (5 * x6))))
    height = x1 + t * (x2 + t * (x3 + t * (x4 + t * (x5 + t * x6))))
    residual = slope - height * height - 1
    initial = x2 - x1 * x1 - 1
    return tf.reduce_sum(residual * residual, axis=0) + x1 * x1 + initial * initial
