"""Kowalik and Osborne's function: an enzyme's reaction rate fitted to eleven measurements."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

Y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
U = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])


@loss(
    title="Kowalik-Osborne",
    minima=[(0.192806934579037854, 0.191282328734366959, 0.123056506926320653, 0.136062330683794837)],
    minimum=0.000307505603849237427,
    start=(0.25, 0.39, 0.415, 0.39),
    domain=[(0.0, 0.5)] * 4,
    formula=r"\sum_{i=1}^{11} \left(y_i - \frac{x_1 (u_i^2 + u_i x_2)}{u_i^2 + u_i x_3 + x_4}\right)^2",
    source="Kowalik and Osborne 1968; Moré, Garbow and Hillstrom 1981, problem 15; domain: ours",
    note="Far out the loss falls towards 1.02734e-3 but not below. Negative x3 or x4 can make a denominator zero.",
    tags=("ill-conditioned", "sum-of-squares"),
    aliases=("kowalik",),
)
def kowalik_osborne(x1, x2, x3, x4):
    u, y = tf.constant(U, x1.dtype), tf.constant(Y, x1.dtype)
    residual = y - x1 * (u * u + u * x2) / (u * u + u * x3 + x4)
    return tf.reduce_sum(residual * residual, axis=0)
