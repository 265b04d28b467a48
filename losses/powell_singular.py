"""Powell's singular function: groups of four coordinates, with a singular Hessian at the minimizer."""

import tensorflow as tf

from reportgen.loss import loss


@loss(
    dim=4,
    minima=lambda dim: [(0.0,) * dim],
    minimum=0.0,
    start=lambda dim: [(3.0, -1.0, 0.0, 1.0)[i % 4] for i in range(dim)],
    domain=lambda dim: [(-4.0, 4.0)] * dim,
    formula=r"\sum_{i=1}^{n/4} \left[ (x_{4i-3} + 10 x_{4i-2})^2 + 5\,(x_{4i-1} - x_{4i})^2 "
    r"+ (x_{4i-2} - 2 x_{4i-1})^4 + 10\,(x_{4i-3} - x_{4i})^4 \right]",
    source="Powell 1962; Moré, Garbow and Hillstrom 1981, problems 13 and 22; coordinates that a last group of four "
    "lacks are zero: ours; domain: ours",
    note="The Hessian is singular at the minimizer. Even Newton's method converges only linearly, and the last digits "
    "of x converge very slowly.",
    tags=("convex", "n-d", "ill-conditioned", "sum-of-squares"),
    aliases=("extended_powell",),
)
def powell_singular(x):
    whole = x.shape[0] // 4 * 4
    groups = _group(*(x[i:whole:4] for i in range(4))) if whole else None
    rest = _group(*(x[i] if i < x.shape[0] else 0.0 for i in range(whole, whole + 4))) if x.shape[0] > whole else 0.0
    return rest if groups is None else tf.reduce_sum(groups, axis=0) + rest


def _group(a, b, c, d):
    first, second, third, fourth = a + 10 * b, c - d, b - 2 * c, a - d
    third, fourth = third * third, fourth * fourth
    return first * first + 5 * (second * second) + third * third + 10 * (fourth * fourth)
