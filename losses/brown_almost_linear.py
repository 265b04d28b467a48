"""Brown's almost linear function in five coordinates: all residuals are linear except for a product."""

from reportgen.loss import loss


@loss(
    minima=[
        (1.0,) * 5,
        (*(0.916354582533849338,) * 4, 1.41822708733075331),
        (*(-0.579043088494115803,) * 4, 8.89521544247057901),
    ],
    minimum=0.0,
    start=(0.5,) * 5,
    domain=[(-2.0, 2.0)] * 4 + [(-2.0, 10.0)],
    formula=r"\sum_{i=1}^{4} \left(x_i + \sum_{j=1}^{5} x_j - 6\right)^2 + \left(\prod_{j=1}^{5} x_j - 1\right)^2",
    source="Brown 1969; Moré, Garbow and Hillstrom 1981, problem 27 (with n = 5); domain: ours",
    note="Two of its three minimizers are 0.45 apart. Near the stationary point (0, 0, 0, 0, 6), of value 1, the "
    "gradient falls as the third power of the distance.",
    tags=("multimodal", "saddle", "ill-conditioned", "sum-of-squares"),
    saddles=[(0.0, 0.0, 0.0, 0.0, 6.0)],
)
def brown_almost_linear(x1, x2, x3, x4, x5):
    total, product = x1 + x2 + x3 + x4 + x5 - 6, x1 * x2 * x3 * x4 * x5 - 1
    linear = [each + total for each in (x1, x2, x3, x4)]
    return sum(each * each for each in linear) + product * product
