"""Jennrich and Sampson's function: two growth rates fitted to a straight line, with a large value at the minimum."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

STEPS = np.arange(1.0, 11.0)


@loss(
    title="Jennrich-Sampson",
    minima=[(0.257825213670364077, 0.257825213670364077)],
    minimum=124.362182355614854,
    start=(0.3, 0.4),
    domain=[(0.0, 0.5), (0.0, 0.5)],
    formula=r"\sum_{i=1}^{10} \left(2 + 2i - e^{ix} - e^{iy}\right)^2",
    source="Jennrich and Sampson 1968; Moré, Garbow and Hillstrom 1981, problem 6 (with m = 10); domain: ours",
    note="The walls grow as exp(20 x), so a step size that suits the minimizer overflows a little further out.",
    tags=("sum-of-squares",),
)
def jennrich_sampson(x, y):
    i = tf.constant(STEPS, x.dtype)
    residual = 2 + 2 * i - tf.exp(i * x) - tf.exp(i * y)
    return tf.reduce_sum(residual * residual, axis=0)
