"""Levy's functions: sine waves over a bowl, in any dimension, and number 13 in two dimensions."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=2,
    minima=lambda dim: [(1.0,) * dim],
    minimum=0.0,
    local_minima=lambda dim: [
        (3.7910821904505098,) + (1.0,) * (dim - 1),
        (1.0,) * (dim - 1) + (4.8906496084617133,),
        (1.0,) * (dim - 1) + (-2.8906496084617133,),
    ],
    start=lambda dim: [-7.0 if i % 2 == 0 else 6.0 for i in range(dim)],
    domain=lambda dim: [(-10.0, 10.0)] * dim,
    formula=r"\sin^2(\pi w_1) + \sum_{i=1}^{n-1} (w_i - 1)^2 \left[ 1 + 10 \sin^2(\pi w_i + 1) \right] "
    r"+ (w_n - 1)^2 \left[ 1 + \sin^2(2 \pi w_n) \right], \quad w_i = 1 + \frac{x_i - 1}{4}",
    source="Levy and Montalvo 1985; start: ours",
    tags=("multimodal", "n-d"),
    note="Each coordinate has separate minima, which become steeper with the distance from the lowest one.",
)
def levy(x):
    # sin(pi w)^2 has period 1 in w, so w - 1 can replace w and is exactly 0 at the minimum.
    u = (x - 1) / 4
    head, last = u[:-1], u[-1]
    first, waves, end = tf.sin(pi * u[0]), tf.sin(pi * head + 1), tf.sin(2 * pi * last)
    inner = tf.reduce_sum(head * head * (1 + 10 * (waves * waves)), axis=0)
    return first * first + inner + last * last * (1 + end * end)


@loss(
    title="Levy 13",
    minima=[(1.0, 1.0)],
    minimum=0.0,
    local_minima=[(1.3296194745483137, 1.0), (0.67038052545168634, 1.0)],
    start=(-4.0, 6.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"\sin^2(3 \pi x) + (x - 1)^2 \left[ 1 + \sin^2(3 \pi y) \right] "
    r"+ (y - 1)^2 \left[ 1 + \sin^2(2 \pi y) \right]",
    source="Levy and Montalvo 1985; start: ours",
    tags=("multimodal",),
    note="About 60 waves along x and 40 along y each contain a minimum. The closest to the lowest one is only 0.11 "
    "higher.",
    aliases=("levy_n13",),
)
def levy_13(x, y):
    u, v = x - 1, y - 1
    along, across, end = tf.sin(3 * pi * u), tf.sin(3 * pi * v), tf.sin(2 * pi * v)
    return along * along + u * u * (1 + across * across) + v * v * (1 + end * end)
