"""Shubert's function: a product of two wave packets, with eighteen equal minima."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss

CRESTS = [-0.80032110047197312 + 2 * pi * turn for turn in (-1, 0, 1)]
TROUGHS = [-1.4251284283197610 + 2 * pi * turn for turn in (-1, 0, 1)]


@loss(
    minima=[pair for crest in CRESTS for trough in TROUGHS for pair in ((crest, trough), (trough, crest))],
    minimum=-186.73090883102383,
    local_minima=[
        (-0.19538575006083139, -0.80032110047197312),
        (-0.80032110047197312, -0.19538575006083139),
    ],
    start=(0.5, -2.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"\left[ \sum_{j=1}^{5} j \cos((j + 1)\,x + j) \right] \cdot "
    r"\left[ \sum_{j=1}^{5} j \cos((j + 1)\,y + j) \right]",
    source="Shubert 1972; start: ours",
    tags=("multimodal",),
    note="Eighteen of its 760 minima are global. Their curvature is about 4,500, so a learning rate above 4e-4 jumps "
    "from one to the next.",
)
def shubert(x, y):
    return _waves(x) * _waves(y)


def _waves(z):
    return sum(j * tf.cos((j + 1) * z + j) for j in range(1, 6))
