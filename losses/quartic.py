"""The one-dimensional quartic of TensorFlow's guide "Optimizers with Core APIs"."""

from reportgen.loss import loss


@loss(
    minima=[(-9 / 8,)],
    minimum=1909 / 2048,
    saddles=[(0.0,)],
    start=(2.0,),
    domain=[(-2.0, 2.0)],
    formula=r"2x^4 + 3x^3 + 2",
    source='TensorFlow guide "Optimizers with Core APIs"',
    tags=("saddle",),
    note="The gradient is also zero at x = 0, an inflection point that is not a minimum: slow methods end there.",
)
def quartic(x):
    return (2 * x + 3) * (x * x * x) + 2
