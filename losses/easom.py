"""Easom's function: a narrow well in a wide plain."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

NEAR, FAR = 1.3049954504376675, 4.9781898567419190


@loss(
    minima=[(pi, pi)],
    minimum=-1.0,
    local_minima=[(NEAR, NEAR), (NEAR, FAR), (FAR, NEAR), (FAR, FAR)],
    start=(1.8, 2.2),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"-\cos x \cos y \, \exp\left[ -(x - \pi)^2 - (y - \pi)^2 \right]",
    source="Easom 1990; start and domain: ours",
    tags=("multimodal",),
    note="A few units from the well the gradient is too small for progress. In float32 it is exactly 0 at (-7, -7), "
    "and most random starts count as stationary.",
)
def easom(x, y):
    u, v = x - pi, y - pi
    return -(tf.cos(x) * tf.cos(y) * tf.exp(-(u * u) - v * v))
