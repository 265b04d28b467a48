"""Meyer's function: a thermistor's resistance fitted by three parameters of very different sizes."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

Y = np.array([34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872.0])
T = 45 + 5 * np.arange(1.0, 17.0)


@loss(
    minima=[(0.00560963647102805254, 6181.34634628637228, 345.223634624136496)],
    minimum=87.9458551708511209,
    start=(0.02, 4000.0, 250.0),
    domain=[(0.0, 0.03), (3000.0, 7000.0), (200.0, 400.0)],
    formula=r"\sum_{i=1}^{16} \left(x_1 \exp\left(\frac{x_2}{t_i + x_3}\right) - y_i\right)^2, \quad t_i = 45 + 5i",
    source="Meyer 1970; Moré, Garbow and Hillstrom 1981, problem 10; domain: ours",
    note="The valley is so narrow and so badly scaled (the curvature differs by a factor of 10^16) that most methods, "
    "starting at 1.7e9, never get close to the minimum of 87.9.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def meyer(x1, x2, x3):
    t, y = tf.constant(T, x1.dtype), tf.constant(Y, x1.dtype)
    residual = x1 * tf.exp(x2 / (t + x3)) - y
    return tf.reduce_sum(residual * residual, axis=0)
