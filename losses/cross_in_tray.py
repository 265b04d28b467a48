"""The cross-in-tray function: a sharp cross in a tray, with four equal minima."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root

AT = 1.3494066171539108

SMALLEST = 1e-37
"""Just above the smallest normal number of float32."""


@loss(
    title="Cross-in-tray",
    minima=[(AT, AT), (AT, -AT), (-AT, AT), (-AT, -AT)],
    minimum=-2.0626118708227369,
    start=(-6.0, 3.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"-0.0001 \left( \left| \sin x \sin y \, \exp \left| 100 - \frac{\sqrt{x^2 + y^2}}{\pi} \right| \right| "
    r"+ 1 \right)^{0.1}",
    source="Mishra 2006; start: ours",
    tags=("multimodal", "non-smooth"),
    note="Towards the cross, where sin x or sin y is 0, the slope grows without bound. On the cross the gradient is "
    "taken as 0.",
)
def cross_in_tray(x, y):
    # exp(100) overflows in float32, but (a exp(r) + 1)^0.1 = exp(0.1 (r + log(a + exp(-r)))) has no large number.
    rise = tf.abs(100 - root(x * x + y * y) / pi)
    inside = tf.abs(tf.sin(x) * tf.sin(y)) + tf.exp(-rise)
    off_cross = inside > SMALLEST
    logarithm = tf.math.log(tf.where(off_cross, inside, 1.0))
    return -0.0001 * tf.where(off_cross, tf.exp(0.1 * (rise + logarithm)), 1.0)
