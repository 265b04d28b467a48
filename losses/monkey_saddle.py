"""The monkey saddle: three ways down and a second derivative that says nothing."""

from math import inf

from reportgen.loss import loss


@loss(
    minima=[],
    minimum=-inf,
    saddles=[(0.0, 0.0)],
    start=(1.0, 0.01),
    domain=[(-2.0, 2.0), (-2.0, 2.0)],
    formula=r"x^3 - 3xy^2",
    source="Hilbert and Cohn-Vossen 1932; start: ours, beside the line y = 0 that leads into the saddle",
    tags=("saddle", "unbounded"),
    note="The Hessian vanishes at the saddle, so Newton's method learns nothing there, and from the line y = 0 a "
    "gradient method never leaves it.",
)
def monkey_saddle(x, y):
    return x * (x * x - 3 * (y * y))
