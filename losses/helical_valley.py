"""Fletcher and Powell's helical valley: the valley floor winds around the third axis."""

import math

import tensorflow as tf

from reportgen.loss import loss


@loss(
    minima=[(1.0, 0.0, 0.0)],
    minimum=0.0,
    start=(-1.0, 0.0, 0.0),
    domain=[(-2.0, 2.0)] * 3,
    formula=r"100\,(z - 10\,\theta)^2 + 100\left(\sqrt{x^2 + y^2} - 1\right)^2 + z^2, \quad "
    r"2\pi\theta = \arctan(y / x) \; (x > 0), \;\; \arctan(y / x) + \pi \; (x < 0)",
    source="Fletcher and Powell 1963; Moré, Garbow and Hillstrom 1981, problem 7; domain: ours",
    note="The angle jumps by a full turn across x = 0, y < 0, a cliff that no gradient shows. On the axis x = y = 0 "
    "the angle is undefined: it and the gradient along x and y are taken as 0.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def helical_valley(x, y, z):
    square = x * x + y * y
    on_axis = square == 0
    # On the axis the point (1, 0) is used instead, so that root and angle have a finite gradient, which is discarded.
    radius = tf.where(on_axis, 0 * square, tf.sqrt(tf.where(on_axis, 1 + square, square)))
    turns = tf.math.atan2(y, tf.where(on_axis, 1 + 0 * x, x)) / (2 * math.pi)
    angle = tf.where(turns < -0.25, turns + 1, turns)
    climb, off_cylinder = 10 * (z - 10 * angle), 10 * (radius - 1)
    return climb * climb + off_cylinder * off_cylinder + z * z
