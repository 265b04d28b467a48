"""Beale's function: a flat plain with steep walls and a valley that extends to infinity."""

from reportgen.loss import loss


@loss(
    minima=[(3.0, 0.5)],
    minimum=0.0,
    saddles=[(0.0, 1.0)],
    start=(1.0, 1.0),
    domain=[(-4.5, 4.5), (-4.5, 4.5)],
    formula=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    source="Beale 1958; start: Moré, Garbow and Hillstrom 1981, problem 5",
    tags=("ill-conditioned", "saddle", "sum-of-squares"),
    note="It has a saddle at (0, 1), and a valley along which the loss falls towards 405/896 but not below.",
)
def beale(x, y):
    y2 = y * y
    first = 1.5 - x + x * y
    second = 2.25 - x + x * y2
    third = 2.625 - x + x * (y2 * y)
    return first * first + second * second + third * third
