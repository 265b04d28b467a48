"""Brown and Dennis's function: fourth powers of residuals, and a large value at the minimum."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

T = np.arange(1.0, 21.0) / 5


@loss(
    title="Brown-Dennis",
    minima=[(-11.5944399047621654, 13.2036300512072038, -0.40343948817685952, 0.236778774455736299)],
    minimum=85822.2016263563447,
    start=(25.0, 5.0, -5.0, -1.0),
    domain=[(-30.0, 30.0), (-10.0, 20.0), (-10.0, 10.0), (-5.0, 5.0)],
    formula=r"\sum_{i=1}^{20} \left[(x_1 + t_i x_2 - e^{t_i})^2 + (x_3 + x_4 \sin t_i - \cos t_i)^2\right]^2, \quad "
    r"t_i = i / 5",
    source="Brown and Dennis 1971; Moré, Garbow and Hillstrom 1981, problem 16 (with m = 20), which gives "
    "85822.2; later papers give 85822.2016; domain: ours",
    note="The minimum is 85822: in single precision neighbouring values there are 0.008 apart, so a smaller gap is "
    "rounding error.",
    tags=("convex", "sum-of-squares"),
)
def brown_dennis(x1, x2, x3, x4):
    t = tf.constant(T, x1.dtype)
    line, wave = x1 + t * x2 - tf.exp(t), x3 + x4 * tf.sin(t) - tf.cos(t)
    residual = line * line + wave * wave
    return tf.reduce_sum(residual * residual, axis=0)
