"""Rosenbrock's curved valley, in its chained form for more than two coordinates."""

import tensorflow as tf

from reportgen.loss import loss

SECOND = {
    4: (-0.77565922656535262, 0.61309336548504346, 0.38206284633839315, 0.14597201855219461),
    5: (-0.96205102069475016, 0.93573939597671001, 0.88071360419432059, 0.77787767585440633, 0.60509367859265284),
    6: (
        *(-0.98657497957099373, 0.98339822883618175, 0.97210667005309191),
        *(0.94743743682643601, 0.89865118485172963, 0.80757395203541755),
    ),
    7: (
        *(-0.99172257256140554, 0.99355539350337126, 0.99217332159469211, 0.98689876269031392),
        *(0.97516475660887304, 0.95143198270499267, 0.90522281771395347),
    ),
}
"""A local minimizer by dimension; there are none below 4 dimensions."""


@loss(
    dim=2,
    minima=lambda dim: [(1.0,) * dim],
    minimum=0.0,
    local_minima=lambda dim: [SECOND[dim]] if dim in SECOND else [],
    start=lambda dim: [-1.2 if i % 2 == 0 else 1.0 for i in range(dim)],
    domain=lambda dim: [(-2.0, 2.0)] + [(-1.0, 3.0)] * (dim - 1),
    formula=r"\sum_{i=1}^{n-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    source="Rosenbrock 1960; start: Moré, Garbow and Hillstrom 1981, problem 1",
    tags=("ill-conditioned", "n-d", "sum-of-squares"),
    note="Methods find the valley at once. Along its floor the slope is a thousand times smaller than across it. From "
    "4 dimensions on there is a second minimum near (-1, 1, ..., 1).",
)
def rosenbrock(x):
    head, tail = x[:-1], x[1:]
    off_floor = tail - head * head
    return tf.reduce_sum(100 * (off_floor * off_floor) + (1 - head) * (1 - head), axis=0)
