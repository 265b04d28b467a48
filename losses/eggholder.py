"""The eggholder function: steep, irregular hollows, with the lowest one on the edge of the box."""

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root


@loss(
    minima=[(512.0, 404.23180511375781)],
    minimum=-959.64066272085080,
    start=(100.0, -50.0),
    domain=[(-512.0, 512.0), (-512.0, 512.0)],
    domain_only=True,
    formula=r"-(y + 47) \sin \sqrt{\left| \frac{x}{2} + y + 47 \right|} "
    r"- x \sin \sqrt{\left| x - (y + 47) \right|}",
    source="Whitley et al. 1996; start: ours",
    tags=("multimodal", "non-smooth"),
    note="The minimum lies on the edge of the box and its gradient is not zero: a method without bounds finds lower "
    "values outside. The gradient is taken as 0 across the kinks.",
)
def eggholder(x, y):
    lifted = y + 47
    return -(lifted * tf.sin(root(tf.abs(x / 2 + lifted)))) - x * tf.sin(root(tf.abs(x - lifted)))
