"""McCormick's function: a valley bent by a sine, which falls without limit outside its box."""

from math import pi, sqrt

import tensorflow as tf

from reportgen.loss import loss


@loss(
    title="McCormick",
    minima=[(1 / 2 - pi / 3, -1 / 2 - pi / 3)],
    minimum=-sqrt(3) / 2 - pi / 3,
    local_minima=[(1 / 2 + 2 * pi / 3, -1 / 2 + 2 * pi / 3)],
    saddles=[(1 / 2 + pi / 3, -1 / 2 + pi / 3)],
    start=(0.0, 0.0),
    domain=[(-1.5, 4.0), (-3.0, 4.0)],
    domain_only=True,
    formula=r"\sin(x + y) + (x - y)^2 - 1.5\,x + 2.5\,y + 1",
    source="McCormick 1976; start: ours",
    tags=("multimodal", "saddle"),
    note="It is unbounded below outside its box: a step that is too long crosses the ridge beyond the minimum and ends "
    "in the next valley, which is lower by pi.",
)
def mccormick(x, y):
    across = x - y
    return tf.sin(x + y) + across * across - 1.5 * x + 2.5 * y + 1
