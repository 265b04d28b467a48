"""Griewank's function: a wide bowl under a product of waves."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

NEAR, FAR = 3.1400226338955398, 4.4384444809207141


@loss(
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    local_minima=lambda dim: [(sign * NEAR, other * FAR) for sign in (1, -1) for other in (1, -1)] if dim == 2 else [],
    start=lambda dim: [-20.0 if i % 2 == 0 else 30.0 for i in range(dim)],
    domain=lambda dim: [(-50.0, 50.0)] * dim,
    formula=r"\frac{1}{4000} \sum_{i=1}^{n} x_i^2 - \prod_{i=1}^{n} \cos \frac{x_i}{\sqrt{i}} + 1",
    source="Griewank 1981; start and domain: ours",
    tags=("multimodal", "n-d"),
    note="The bowl is so shallow that waves of height 1 hide it. It becomes easier in many dimensions, because the "
    "product of cosines is small there.",
)
def griewank(x):
    half = tf.sin(x / (2 * np.sqrt(np.arange(1.0, x.shape[0] + 1))))
    return tf.reduce_sum(x * x, axis=0) / 4000 + _one_minus_product(2 * (half * half))


def _one_minus_product(short):
    """1 - (1 - a)(1 - b)..., by pairwise combination, which avoids the cancellation of a product near 1."""
    left_over = []
    while short.shape[0] > 1:
        half = short.shape[0] // 2
        if short.shape[0] % 2:
            left_over.append(short[-1])
        first, second = short[:half], short[half : 2 * half]
        short = first + second - first * second
    result = short[0]
    for each in left_over:
        result = result + each - result * each
    return result
