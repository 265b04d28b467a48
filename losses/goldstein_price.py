"""Goldstein and Price's function: values over six orders of magnitude on a small square."""

from reportgen.loss import loss


@loss(
    title="Goldstein-Price",
    minima=[(0.0, -1.0)],
    minimum=3.0,
    local_minima=[(-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)],
    saddles=[(-0.4, -0.6), (1.2, -0.2), (1.4, 0.6), (0.6, 0.4)],
    start=(-1.0, 0.5),
    domain=[(-2.0, 2.0), (-3.0, 1.0)],
    formula=r"\left[1 + (x + y + 1)^2 (19 - 14x + 3x^2 - 14y + 6xy + 3y^2)\right] \cdot "
    r"\left[30 + (2x - 3y)^2 (18 - 32x + 12x^2 + 48y - 36xy + 27y^2)\right]",
    source="Goldstein and Price 1971; start: ours",
    tags=("multimodal", "saddle"),
    note="Gradients differ by a factor of a million over the square, so a learning rate that is safe at the edge makes "
    "no progress in the valley.",
)
def goldstein_price(x, y):
    # With s = x + y and t = 2x - 3y each bracket is a polynomial in one variable. The second is expanded around its
    # minimum of 3 at t = 3, so rounding cannot give a value below f*. The printed form falls below f* in float32.
    s, t = x + y, 2 * x - 3 * y
    away_s, away_t = s + 1, t - 3
    first = 1 + away_s * away_s * ((3 * s - 14) * s + 19)
    second = 3 + away_t * away_t * ((3 * t + 2) * t + 3)
    return first * second
