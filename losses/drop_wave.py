"""The drop-wave function: circular waves around a drop."""

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root


@loss(
    title="Drop-wave",
    minima=[(0.0, 0.0)],
    minimum=-1.0,
    start=(-2.0, 3.0),
    domain=[(-5.12, 5.12), (-5.12, 5.12)],
    formula=r"-\frac{1 + \cos\left( 12 \sqrt{x^2 + y^2} \right)}{0.5\,(x^2 + y^2) + 2}",
    source="Surjanovic and Bingham 2013; start: ours",
    tags=("multimodal",),
    note="Each ring around the centre is a circle of local minima, along which the gradient is zero.",
)
def drop_wave(x, y):
    square = x * x + y * y
    # 1 + cos(2a) = 2 cos(a)^2, so the value never falls below -1.
    wave = tf.cos(6 * root(square))
    return -2 * (wave * wave) / (0.5 * square + 2)
