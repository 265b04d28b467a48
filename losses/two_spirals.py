"""A network with one hidden layer that separates two spirals."""

from functools import cache

import numpy as np
import tensorflow as tf
from reportgen.builtin_losses.samples import chosen

from reportgen.loss import loss

SAMPLES = 200


def hidden(dim):
    """The number of hidden units for ``dim`` weights: two inputs, a bias and an output each, plus the output bias."""
    if dim % 4 != 1:
        raise ValueError(f"expected dim = 4 x the number of hidden units + 1, for example {dim // 4 * 4 + 1}")
    return dim // 4


@cache
def data():
    """Points [samples, 2] on two spirals of 1.5 turns, and the spiral of each point, -1 or 1, [samples]."""
    along = np.linspace(0.0, 1.0, SAMPLES // 2)
    angle, radius = 3 * np.pi * np.sqrt(along), 0.2 + 1.8 * np.sqrt(along)
    arm = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.concatenate([arm, -arm]), np.repeat([-1.0, 1.0], SAMPLES // 2)


def start(dim):
    """Weights drawn as in Glorot and Bengio 2010, with biases of zero, [dim]."""
    units, draw = hidden(dim), np.random.default_rng(0)
    first = draw.uniform(-1, 1, size=(2, units)) * np.sqrt(6 / (2 + units))
    last = draw.uniform(-1, 1, size=units) * np.sqrt(6 / (units + 1))
    return np.concatenate([first.ravel(), np.zeros(units), last, [0.0]])


@loss(
    dim=65,
    samples=SAMPLES,
    shapes=lambda dim: {"W": (2, hidden(dim)), "c": (hidden(dim),), "v": (hidden(dim),), "d": (1,)},
    minima=(),
    minimum=0.0,
    start=start,
    domain=lambda dim: [(-2.0, 2.0)] * dim,
    formula=r"\frac{1}{m} \sum_{i=1}^{m} \log\left(1 + e^{-b_i \left(v^{\top} \tanh(W a_i + c) + d\right)}\right)",
    source="Lang and Witbrock 1988, with spirals of a turn and a half and without shortcuts; start: Glorot and Bengio "
    "2010; domain: ours",
    note="Zero is a bound that no weights attain, although larger and larger weights come close. On the way lie "
    "plateaus on which the network splits the plane into two halves.",
    tags=("multimodal", "n-d", "task"),
)
def two_spirals(x, rows=None):
    units = hidden(x.shape[0])
    points, classes = data()
    weights = tf.reshape(x[: 2 * units], [2, units])
    activity = tf.tanh(tf.matmul(chosen(points, x, rows), weights) + x[2 * units : 3 * units])
    score = tf.linalg.matvec(activity, x[3 * units : 4 * units]) + x[4 * units]
    return tf.reduce_mean(tf.math.softplus(-score * chosen(classes, x, rows)))
