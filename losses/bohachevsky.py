"""Bohachevsky's first function: a bowl with waves of a different length in each coordinate."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

NEXT_X, NEXT_Y = 0.61861206782795007, 0.46952754566849227


@loss(
    minima=[(0.0, 0.0)],
    minimum=0.0,
    local_minima=[
        (NEXT_X, 0.0),
        (-NEXT_X, 0.0),
        (0.0, NEXT_Y),
        (0.0, -NEXT_Y),
    ],
    start=(-60.0, 40.0),
    domain=[(-100.0, 100.0), (-100.0, 100.0)],
    formula=r"x^2 + 2y^2 - 0.3 \cos(3 \pi x) - 0.4 \cos(4 \pi y) + 0.7",
    source="Bohachevsky, Johnson and Stein 1986; start: ours",
    tags=("multimodal",),
    note="From afar it looks like a plain bowl, but within 1.5 units of the lowest minimum other minima trap small "
    "steps.",
    aliases=("bohachevsky_1",),
)
def bohachevsky(x, y):
    # 1 - cos(2a) = 2 sin(a)^2: near the minimum the printed form loses digits to cancellation.
    along, across = tf.sin(1.5 * pi * x), tf.sin(2 * pi * y)
    return x * x + 2 * (y * y) + 0.6 * (along * along) + 0.8 * (across * across)
