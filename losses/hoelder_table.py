"""The Hölder table: waves that grow towards the four corners of the domain."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root

X, Y = 8.0550234757365634, 9.6645900192412729


@loss(
    title="Hölder table",
    minima=[(X, Y), (X, -Y), (-X, Y), (-X, -Y)],
    minimum=-19.208502567886732,
    start=(2.0, -1.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    domain_only=True,
    formula=r"-\left| \sin x \cos y \, \exp \left| 1 - \frac{\sqrt{x^2 + y^2}}{\pi} \right| \right|",
    source="Mishra 2006; start: ours",
    tags=("multimodal", "non-smooth"),
    note="It has kinks along a grid of lines, on which the gradient is taken as 0. Outside its box it falls without "
    "limit.",
    aliases=("holder_table",),
)
def hoelder_table(x, y):
    return -(tf.abs(tf.sin(x) * tf.cos(y)) * tf.exp(tf.abs(1 - root(x * x + y * y) / pi)))
