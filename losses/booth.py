"""Booth's function: a convex quadratic, rotated by 45 degrees."""

from reportgen.loss import loss


@loss(
    minima=[(1.0, 3.0)],
    minimum=0.0,
    start=(-5.0, 5.0),
    domain=[(-10.0, 10.0), (-10.0, 10.0)],
    formula=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    source="Jamil and Yang 2013; start: ours",
    tags=("convex", "sum-of-squares"),
    note="It is as easy as a loss can be, but a learning rate per coordinate cannot undo its rotation.",
)
def booth(x, y):
    first = x + 2 * y - 7
    second = 2 * x + y - 5
    return first * first + second * second
