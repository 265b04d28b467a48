"""The bird function: two deep minima among products of waves and exponentials."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(4.7010431302495530, 3.1529385037249301), (-1.5821421769300334, -3.1302468034546564)],
    minimum=-106.76453674926467,
    local_minima=[
        (-1.5366624718468041, 3.1074587986417007),
        (4.6551713994272787, -3.0843750726323821),
        (-5.6179076792316664, -5.3776666083326100),
        (0.66527762794792009, 0.90551869884697653),
    ],
    start=(0.0, -5.0),
    domain=[(-2 * pi, 2 * pi), (-2 * pi, 2 * pi)],
    formula=r"\sin(x)\, e^{(1 - \cos y)^2} + \cos(y)\, e^{(1 - \sin x)^2} + (x - y)^2",
    source="Mishra 2006; start: ours",
    tags=("multimodal",),
    note="Wells of depth 100, with a curvature near 300, lie next to plains: a learning rate that makes progress on "
    "the plain jumps out of the wells.",
)
def bird(x, y):
    sine, cosine, apart = tf.sin(x), tf.cos(y), x - y
    off_sine, off_cosine = 1 - sine, 1 - cosine
    return sine * tf.exp(off_cosine * off_cosine) + cosine * tf.exp(off_sine * off_sine) + apart * apart
