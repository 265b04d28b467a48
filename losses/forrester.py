"""Forrester's function of one coordinate: a local minimum, an inflection point and a deep minimum."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(0.75724875784185587,)],
    minimum=-6.0207400557670828,
    local_minima=[(0.14258918932471630,)],
    saddles=[(1 / 3,)],
    start=(0.5,),
    domain=[(0.0, 1.0)],
    domain_only=True,
    formula=r"(6x - 2)^2 \sin(12x - 4)",
    source="Forrester, Sóbester and Keane 2008; start: ours",
    tags=("multimodal", "saddle"),
    note="The gradient is zero at x = 1/3, which is not a minimum. The start lies on the wrong side of the hill, and "
    "outside [0, 1] the loss has lower values.",
)
def forrester(x):
    u = 6 * x - 2
    return u * u * tf.sin(2 * u)
