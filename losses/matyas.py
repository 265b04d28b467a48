"""Matyas' function: a flat convex quadratic along the diagonal."""

from reportgen.loss import loss


@loss(
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(8.0, -5.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"0.26\,(x^2 + y^2) - 0.48\,xy",
    source="Matyas 1965; start: ours",
    tags=("convex",),
    note="The slope along the diagonal is 25 times smaller than across it, and all slopes are small.",
)
def matyas(x, y):
    # The same polynomial as a sum of squares: on the diagonal the printed form loses digits to cancellation.
    across = x - y
    return 0.24 * (across * across) + 0.02 * (x * x + y * y)
