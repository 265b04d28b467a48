"""Himmelblau's function: four equal minima around a maximum."""

from reportgen.loss import loss


@loss(
    minima=[
        (3.0, 2.0),
        (-2.8051180869527449, 3.1313125182505730),
        (-3.7793102533777469, -3.2831859912861694),
        (3.5844283403304917, -1.8481265269644036),
    ],
    minimum=0.0,
    saddles=[
        (3.3851541836070209, 0.073851879837749288),
        (0.086677504555396352, 2.8842547011747761),
        (-3.0730257507643896, -0.081353044287967512),
        (-0.12796134673068007, -1.9537149802445764),
    ],
    start=(0.0, 0.0),
    domain=[(-5.0, 5.0), (-5.0, 5.0)],
    formula=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    source="Himmelblau 1972; start: ours",
    tags=("multimodal", "saddle", "sum-of-squares"),
    note="The start decides which of the four equal minima is found. Trajectories from near the maximum at (-0.27, "
    "-0.92) separate for good.",
)
def himmelblau(x, y):
    first = x * x + y - 11
    second = x + y * y - 7
    return first * first + second * second
