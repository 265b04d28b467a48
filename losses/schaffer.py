"""Schaffer's functions 2 and 4: rippled hyperbolas that flatten away from the origin."""

import tensorflow as tf

from reportgen.loss import loss

AT = 1.2531318314637332


@loss(
    title="Schaffer 2",
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-5.0, 3.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"0.5 + \frac{\sin^2(x^2 - y^2) - 0.5}{\left[ 1 + 0.001\,(x^2 + y^2) \right]^2}",
    source="Schaffer et al. 1989; start and domain: ours",
    tags=("multimodal",),
    note="Along the diagonals a valley with a slope of a thousandth leads to the minimum, between valleys that miss "
    "it.",
    aliases=("schaffer_n2",),
)
def schaffer_2(x, y):
    x2, y2 = x * x, y * y
    wave, growth = tf.sin(x2 - y2), 0.001 * (x2 + y2)
    fade = 1 + growth
    # 0.5 is moved into the fraction, where it cancels: near the minimum the printed form loses digits.
    return (wave * wave + 0.5 * (growth * (2 + growth))) / (fade * fade)


@loss(
    title="Schaffer 4",
    minima=[(0.0, AT), (0.0, -AT), (AT, 0.0), (-AT, 0.0)],
    minimum=0.29257863203598055,
    start=(-5.0, 3.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"0.5 + \frac{\cos^2\left( \sin \left| x^2 - y^2 \right| \right) - 0.5}"
    r"{\left[ 1 + 0.001\,(x^2 + y^2) \right]^2}",
    source="Schaffer et al. 1989; start and domain: ours",
    tags=("ill-conditioned", "multimodal"),
    note="Its four minima are hardly lower than the hyperbolas on which they lie, and the slope along the hyperbolas "
    "vanishes.",
    aliases=("schaffer_n4",),
)
def schaffer_4(x, y):
    # The absolute value in the formula has no effect, because the cosine and the square are even.
    x2, y2 = x * x, y * y
    wave, fade = tf.sin(tf.sin(x2 - y2)), 1 + 0.001 * (x2 + y2)
    return 0.5 + (0.5 - wave * wave) / (fade * fade)
