"""A saddle with one direction of negative curvature, between two minima."""

from reportgen.loss import loss


@loss(
    minima=[(0.0, 1.0), (0.0, -1.0)],
    minimum=-0.25,
    saddles=[(0.0, 0.0)],
    start=(1.0, 0.001),
    domain=[(-2.0, 2.0), (-2.0, 2.0)],
    formula=r"\frac{x^2}{2} - \frac{y^2}{2} + \frac{y^4}{4}",
    source="Nesterov 2004, example 1.2.2; start: ours, next to the line y = 0 that leads into the saddle",
    tags=("multimodal", "saddle"),
    note="A gradient method that starts on the line y = 0 converges to the saddle and stays there. Close to the line "
    "it is slow for as long as y is small.",
)
def strict_saddle(x, y):
    # The formula with a completed square: rounding cannot give a value below f*.
    off = y * y - 1
    return 0.5 * (x * x) + 0.25 * (off * off) - 0.25
