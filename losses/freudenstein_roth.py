"""Freudenstein and Roth's function: its standard start lies in the basin of the wrong minimum."""

from reportgen.loss import loss


@loss(
    title="Freudenstein-Roth",
    minima=[(5.0, 4.0)],
    minimum=0.0,
    start=(0.5, -2.0),
    domain=[(-2.0, 26.0), (-4.0, 6.0)],
    formula=r"\left(x - 13 + ((5 - y)y - 2)y\right)^2 + \left(x - 29 + ((y + 1)y - 14)y\right)^2",
    source="Freudenstein and Roth 1963; Moré, Garbow and Hillstrom 1981, problem 2; domain: ours",
    note="From the standard start, descent ends in a local minimum of value 48.98 instead of (5, 4).",
    tags=("multimodal", "ill-conditioned", "saddle", "sum-of-squares"),
    local_minima=[(11.4127789869020939, -0.896805253274476518)],
    saddles=[(23.9205543464312394, 2.23013858660780985)],
)
def freudenstein_roth(x, y):
    first = x - 13 + ((5 - y) * y - 2) * y
    second = x - 29 + ((y + 1) * y - 14) * y
    return first * first + second * second
