"""Biggs's six-parameter function: three exponentials fitted to a sum of three exponentials."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

T = np.arange(1.0, 14.0) / 10
Y = np.exp(-T) - 5 * np.exp(-10 * T) + 3 * np.exp(-4 * T)


@loss(
    title="Biggs EXP6",
    minima=[
        (1.0, 10.0, 1.0, 5.0, 4.0, 3.0),
        (4.0, 10.0, 3.0, 5.0, 1.0, 1.0),
        (1.0, 4.0, 1.0, -3.0, 10.0, -5.0),
        (10.0, 4.0, -5.0, -3.0, 1.0, 1.0),
        (4.0, 1.0, 3.0, -1.0, 10.0, -5.0),
        (10.0, 1.0, -5.0, -1.0, 4.0, 3.0),
    ],
    minimum=0.0,
    start=(1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
    local_minima=[
        (
            1.7114159947195876,
            17.6831981809490671,
            3.48943098275667761,
            5.18656155199345185,
            1.7114159947195876,
            -1.16314366091889254,
        )
    ],
    saddles=[
        (
            1.7114159947195876,
            17.6831981809490671,
            1.16314366091889254,
            5.18656155199345185,
            1.7114159947195876,
            1.16314366091889254,
        )
    ],
    domain=[(0.0, 20.0), (0.0, 20.0), (-6.0, 6.0), (-6.0, 6.0), (0.0, 20.0), (-6.0, 6.0)],
    formula=r"\sum_{i=1}^{13} \left(x_3 e^{-t_i x_1} - x_4 e^{-t_i x_2} + x_6 e^{-t_i x_5} - y_i\right)^2, \quad "
    r"t_i = i / 10, \; y_i = e^{-t_i} - 5 e^{-10 t_i} + 3 e^{-4 t_i}",
    source="Biggs 1971; Moré, Garbow and Hillstrom 1981, problem 18 (with m = 13); domain: ours",
    note="The value 5.65565e-3, which searches report, belongs to a line of points with x1 = x5. They are saddles with "
    "a downward curvature of 0.01 if x3 and x6 are positive, and local minima beyond that. One of each is listed.",
    tags=("multimodal", "ill-conditioned", "saddle", "sum-of-squares"),
)
def biggs_exp6(x1, x2, x3, x4, x5, x6):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    residual = x3 * tf.exp(-t * x1) - x4 * tf.exp(-t * x2) + x6 * tf.exp(-t * x5) - y
    return tf.reduce_sum(residual * residual, axis=0)
