"""Branin's function: three equal minima along a curved valley."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(-pi, 12.275), (pi, 2.275), (3 * pi, 2.475)],
    minimum=1.25 / pi,
    start=(2.0, 10.0),
    domain=[(-5.0, 10.0), (0.0, 15.0)],
    formula=r"\left( y - \frac{5.1}{4 \pi^2} x^2 + \frac{5}{\pi} x - 6 \right)^2 "
    r"+ 10 \left( 1 - \frac{1}{8 \pi} \right) \cos x + 10",
    source="Branin 1972; start: ours",
    tags=("multimodal",),
    note="All three minima are global: the start decides which one is found, and the value f* does not tell them "
    "apart.",
    aliases=("branin_hoo",),
)
def branin(x, y):
    off = y - 5.1 / (4 * pi * pi) * (x * x) + 5 / pi * x - 6
    # 1 + cos(x) = 2 cos(x/2)^2: without a subtraction, rounding cannot give a value much below f*.
    half = tf.cos(x / 2)
    return off * off + 20 * (1 - 1 / (8 * pi)) * (half * half) + 1.25 / pi
