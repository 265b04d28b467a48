"""The egg crate: a bowl with a regular grid of hollows."""

import tensorflow as tf

from reportgen.loss import loss

NEXT = 3.0196018847849518


@loss(
    minima=[(0.0, 0.0)],
    minimum=0.0,
    local_minima=[(NEXT, 0.0), (-NEXT, 0.0), (0.0, NEXT), (0.0, -NEXT)]
    + [(sign * NEXT, other * NEXT) for sign in (1, -1) for other in (1, -1)],
    start=(-4.0, 2.5),
    domain=[(-5.0, 5.0), (-5.0, 5.0)],
    formula=r"x^2 + y^2 + 25 \left( \sin^2 x + \sin^2 y \right)",
    source="Jamil and Yang 2013; start: ours",
    tags=("multimodal", "sum-of-squares"),
    note="The box contains nine hollows of nearly the same shape, and only the middle one is the global minimum.",
)
def egg_crate(x, y):
    along, across = tf.sin(x), tf.sin(y)
    return x * x + y * y + 25 * (along * along + across * across)
