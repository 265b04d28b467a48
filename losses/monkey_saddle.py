"""The monkey saddle: three descending directions, and a Hessian of zero."""

from math import inf

from reportgen.loss import loss


@loss(
    minima=[],
    minimum=-inf,
    saddles=[(0.0, 0.0)],
    start=(1.0, 0.01),
    domain=[(-2.0, 2.0), (-2.0, 2.0)],
    formula=r"x^3 - 3xy^2",
    source="Hilbert and Cohn-Vossen 1932; start: ours, next to the line y = 0 that leads into the saddle",
    tags=("saddle", "unbounded"),
    note="The Hessian is zero at the saddle, so it tells Newton's method nothing. A gradient method that starts on the "
    "line y = 0 never leaves the saddle.",
)
def monkey_saddle(x, y):
    return x * (x * x - 3 * (y * y))
