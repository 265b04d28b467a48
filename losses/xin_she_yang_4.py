"""Yang's fourth function: one deep tip in a plain of shallow kinks."""

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root


@loss(
    title="Xin-She Yang 4",
    dim=2,
    minima=lambda dim: [(0.0,) * dim],
    minimum=-1.0,
    start=lambda dim: [-3.0 if i % 2 == 0 else 4.0 for i in range(dim)],
    domain=lambda dim: [(-10.0, 10.0)] * dim,
    formula=r"\left[ \sum_{i=1}^{n} \sin^2 x_i - \exp\left( -\sum_{i=1}^{n} x_i^2 \right) \right] "
    r"\exp\left( -\sum_{i=1}^{n} \sin^2 \sqrt{\left| x_i \right|} \right)",
    source="Yang 2010; start: ours",
    tags=("multimodal", "non-smooth", "n-d"),
    note="There is a kink wherever a coordinate is 0, and the gradient is taken as 0 there. In many dimensions the "
    "last factor makes everything but the tip flat.",
)
def xin_she_yang_4(x):
    wave, kink = tf.sin(x), tf.sin(root(tf.abs(x)))
    bell = tf.exp(-tf.reduce_sum(x * x, axis=0))
    return (tf.reduce_sum(wave * wave, axis=0) - bell) * tf.exp(-tf.reduce_sum(kink * kink, axis=0))
