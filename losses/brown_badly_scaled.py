"""Brown's badly scaled function: at the minimizer one coordinate is 10^6, the other 2 x 10^-6."""

from reportgen.loss import loss


@loss(
    minima=[(1e6, 2e-6)],
    minimum=0.0,
    start=(1.0, 1.0),
    domain=[(0.0, 2e6), (-1.0, 2.0)],
    formula=r"(x - 10^6)^2 + (y - 2 \cdot 10^{-6})^2 + (xy - 2)^2",
    source="Brown; Moré, Garbow and Hillstrom 1981, problem 4; domain: ours",
    note="The curvature in y grows as the square of x, from 4 at the start to 2e12 at the minimizer. No fixed learning "
    "rate suits both.",
    tags=("ill-conditioned", "sum-of-squares"),
)
def brown_badly_scaled(x, y):
    first, second, third = x - 1e6, y - 2e-6, x * y - 2
    return first * first + second * second + third * third
