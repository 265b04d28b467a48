"""Adjiman's function: a slope with its lowest point in the box on the edge."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(2.0, 0.10578346945171691)],
    minimum=-2.0218067833597870,
    start=(-0.5, -0.5),
    domain=[(-1.0, 2.0), (-1.0, 1.0)],
    domain_only=True,
    formula=r"\cos x \sin y - \frac{x}{y^2 + 1}",
    source="Adjiman et al. 1998; start: ours",
    note="The minimum lies on the edge of the box and its gradient is not zero. A method without bounds leaves the "
    "box, and the loss falls without limit.",
)
def adjiman(x, y):
    return tf.cos(x) * tf.sin(y) - x / (y * y + 1)
