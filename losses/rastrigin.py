"""Rastrigin's function: a bowl with a regular grid of minima."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

NEXT = 0.99495863765233480


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    local_minima=lambda dim: [
        (NEXT,) + (0.0,) * (dim - 1),
        (-NEXT,) + (0.0,) * (dim - 1),
        (0.0,) * (dim - 1) + (NEXT,),
        (0.0,) * (dim - 1) + (-NEXT,),
    ],
    start=lambda dim: [-2.0 if i % 2 == 0 else 3.5 for i in range(dim)],
    domain=lambda dim: [(-5.12, 5.12)] * dim,
    formula=r"10n + \sum_{i=1}^{n} \left[ x_i^2 - 10 \cos(2 \pi x_i) \right]",
    source="Rastrigin 1974; start: ours",
    tags=("multimodal", "n-d"),
    note="It has 11^n minima, one near each integer point, and the slope does not show which one is lowest.",
)
def rastrigin(x):
    # 1 - cos(2a) = 2 sin(a)^2: near the minimum the printed form loses digits to cancellation.
    wave = tf.sin(pi * x)
    return tf.reduce_sum(x * x + 20 * (wave * wave), axis=0)
