"""Ackley's function: a nearly flat, rippled plain around a funnel with a sharp tip."""

from math import e, pi

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root

NEXT = 0.95216654595017167


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    local_minima=lambda dim: [(NEXT, 0.0), (-NEXT, 0.0), (0.0, NEXT), (0.0, -NEXT)] if dim == 2 else [],
    start=lambda dim: [-2.5 if i % 2 == 0 else 3.5 for i in range(dim)],
    domain=lambda dim: [(-5.0, 5.0)] * dim,
    formula=r"-20 \exp\left( -0.2 \sqrt{\frac{1}{n} \sum_{i=1}^{n} x_i^2} \right) "
    r"- \exp\left( \frac{1}{n} \sum_{i=1}^{n} \cos(2 \pi x_i) \right) + 20 + e",
    source="Ackley 1987; start: ours",
    tags=("multimodal", "non-smooth", "n-d"),
    note="The minimum is the tip of a cone without a gradient (here it is 0). Next to the tip the gradient norm is 4 "
    "divided by the root of n, so a fixed step never settles.",
)
def ackley(x):
    # With expm1 and 1 - cos(2a) = 2 sin(a)^2 the value stays accurate near the tip and is exactly 0 there.
    distance = root(tf.reduce_mean(x * x, axis=0))
    wave = tf.sin(pi * x)
    ripple = -2 * tf.reduce_mean(wave * wave, axis=0)
    return -20 * tf.math.expm1(-0.2 * distance) - e * tf.math.expm1(ripple)
