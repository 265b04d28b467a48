"""Michalewicz's function in two coordinates: two narrow trenches that cross in a plain."""

from math import pi

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(2.2029055201726093, pi / 2)],
    minimum=-1.8013034100985525,
    start=(1.8, 1.2),
    domain=[(0.0, pi), (0.0, pi)],
    domain_only=True,
    formula=r"-\sin(x) \sin^{20}\left( \frac{x^2}{\pi} \right) - \sin(y) \sin^{20}\left( \frac{2y^2}{\pi} \right)",
    source="Michalewicz 1992; start: ours",
    tags=("multimodal",),
    local_minima=[(2.2029055201726093, 2.7115714838430144)],
    note="Between the trenches the twentieth power of a sine is so flat that float32 rounds the slope to exactly 0.",
)
def michalewicz(x, y):
    return -(tf.sin(x) * _power_20(tf.sin(x * x / pi))) - tf.sin(y) * _power_20(tf.sin(2 * (y * y) / pi))


def _power_20(s):
    s2 = s * s
    s4 = s2 * s2
    s8 = s4 * s4
    return s8 * s8 * s4
