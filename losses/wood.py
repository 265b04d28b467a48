"""Wood's function: two Rosenbrock valleys in four dimensions, coupled at their ends."""

from reportgen.loss import loss


@loss(
    minima=[(1.0, 1.0, 1.0, 1.0)],
    minimum=0.0,
    start=(-3.0, -1.0, -3.0, -1.0),
    domain=[(-4.0, 4.0)] * 4,
    formula=r"100\,(x_2 - x_1^2)^2 + (1 - x_1)^2 + 90\,(x_4 - x_3^2)^2 + (1 - x_3)^2 "
    r"+ 10\,(x_2 + x_4 - 2)^2 + \frac{(x_2 - x_4)^2}{10}",
    source="Colville 1968; Moré, Garbow and Hillstrom 1981, problem 14; domain: ours",
    note="From the standard start the trajectory passes a saddle of value 7.877, near which many methods stay for "
    "long.",
    tags=("ill-conditioned", "saddle", "sum-of-squares"),
    saddles=[(-0.967974024937593068, 0.947139140817841821, -0.969516310331591151, 0.951247665792325278)],
    aliases=("colville",),
)
def wood(x1, x2, x3, x4):
    first, second = x2 - x1 * x1, x4 - x3 * x3
    valleys = 100 * (first * first) + 90 * (second * second) + (1 - x1) * (1 - x1) + (1 - x3) * (1 - x3)
    both, apart = x2 + x4 - 2, x2 - x4
    return valleys + 10 * (both * both) + apart * apart / 10
