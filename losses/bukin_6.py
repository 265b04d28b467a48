"""Bukin's sixth function: a curved valley with a kink along its entire floor."""

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root


@loss(
    title="Bukin 6",
    minima=[(-10.0, 1.0)],
    minimum=0.0,
    start=(-6.0, -2.0),
    domain=[(-15.0, -5.0), (-3.0, 3.0)],
    formula=r"100 \sqrt{\left| y - 0.01\,x^2 \right|} + 0.01 \left| x + 10 \right|",
    source="Bukin 1997; start: ours",
    tags=("non-smooth",),
    note="The gradient grows without bound towards the valley floor; on the floor its component across the valley is "
    "taken as 0. Along the floor the slope is 0.01, so no learning rate suits both.",
    aliases=("bukin_n6",),
)
def bukin_6(x, y):
    return 100 * root(tf.abs(y - 0.01 * (x * x))) + 0.01 * tf.abs(x + 10)
