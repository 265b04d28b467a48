"""Trefethen's function: waves within waves, from the hundred-digit challenge."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(-0.024403079694375172, 0.21061242715535577)],
    minimum=-3.3068686474752373,
    start=(-0.5, 0.6),
    domain=[(-1.0, 1.0), (-1.0, 1.0)],
    formula=r"e^{\sin 50x} + \sin\left( 60 e^y \right) + \sin(70 \sin x) + \sin(\sin 80y) - \sin(10(x + y)) "
    r"+ \frac{x^2 + y^2}{4}",
    source="Trefethen 2002, problem 4; start and domain: ours",
    tags=("multimodal",),
    note="This square alone contains 693 minima. The curvatures at the lowest one, 6,000 and 9,900, require small "
    "learning rates.",
)
def trefethen(x, y):
    fine = tf.exp(tf.sin(50 * x)) + tf.sin(60 * tf.exp(y)) + tf.sin(70 * tf.sin(x)) + tf.sin(tf.sin(80 * y))
    return fine - tf.sin(10 * (x + y)) + 0.25 * (x * x + y * y)
