"""Salomon's function: rings around a sharp tip."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [-2.0 if i % 2 == 0 else 3.0 for i in range(dim)],
    domain=lambda dim: [(-10.0, 10.0)] * dim,
    formula=r"1 - \cos\left( 2 \pi \sqrt{\sum_{i=1}^{n} x_i^2} \right) + 0.1 \sqrt{\sum_{i=1}^{n} x_i^2}",
    source="Salomon 1996; start and domain: ours",
    tags=("multimodal", "non-smooth", "n-d"),
    note="Every integer radius is a sphere of local minima. The minimum is a sharp tip, at which the gradient is taken "
    "as 0.",
)
def salomon(x):
    # 1 - cos(2a) = 2 sin(a)^2: near the minimum the printed form loses digits to cancellation.
    distance = root(tf.reduce_sum(x * x, axis=0))
    wave = tf.sin(pi * distance)
    return 2 * (wave * wave) + 0.1 * distance
