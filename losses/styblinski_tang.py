"""Styblinski and Tang's function: a tilted double well in each coordinate."""

import tensorflow as tf

from reportgen.loss import loss

DEEP, SHALLOW = -2.9035340277711771, 2.7468027709908370


@loss(
    title="Styblinski-Tang",
    dim=2,
    minima=lambda dim: [(DEEP,) * dim],
    minimum=lambda dim: -39.166165703771415 * dim,
    local_minima=lambda dim: [
        (SHALLOW,) + (DEEP,) * (dim - 1),
        (DEEP,) * (dim - 1) + (SHALLOW,),
        (SHALLOW,) * dim,
    ],
    start=lambda dim: [-4.0 if i % 2 == 0 else 0.0 for i in range(dim)],
    domain=lambda dim: [(-5.0, 5.0)] * dim,
    formula=r"\frac{1}{2} \sum_{i=1}^{n} \left( x_i^4 - 16\,x_i^2 + 5\,x_i \right)",
    source="Styblinski and Tang 1990; start: ours",
    tags=("multimodal", "n-d"),
    note="Each coordinate has a deep and a shallow well, so there are 2^n minima. f* is negative, "
    "proportional to n, and float32 can round a value below it.",
)
def styblinski_tang(x):
    x2 = x * x
    return tf.reduce_sum((x2 - 16) * x2 + 5 * x, axis=0) / 2
