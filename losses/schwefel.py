"""Schwefel's sine function: the second-best minimum is far from the best one."""

import tensorflow as tf

from reportgen.loss import loss

from .guarded import root

BEST, SECOND = 420.96874635998203, -302.52493561191178


@loss(
    dim=2,
    minima=lambda dim: [(BEST,) * dim],
    minimum=lambda dim: -418.98288727243371 * dim,
    local_minima=lambda dim: [
        (SECOND,) + (BEST,) * (dim - 1),
        (BEST,) * (dim - 1) + (SECOND,),
        (SECOND,) * dim,
    ],
    start=lambda dim: [-100.0 if i % 2 == 0 else 150.0 for i in range(dim)],
    domain=lambda dim: [(-500.0, 500.0)] * dim,
    domain_only=True,
    formula=r"-\sum_{i=1}^{n} x_i \sin \sqrt{\left| x_i \right|}",
    source="Schwefel 1981; start: ours",
    tags=("multimodal", "non-smooth", "n-d"),
    note="The second-best minimum lies on the other side of the box. The curvature jumps where a coordinate is 0, and "
    "outside the box the loss has lower values.",
)
def schwefel(x):
    return -tf.reduce_sum(x * tf.sin(root(tf.abs(x))), axis=0)
