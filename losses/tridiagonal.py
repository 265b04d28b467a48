"""Two systems of equations that couple each unknown to its neighbours: a boundary value problem and Broyden's."""

import numpy as np
import tensorflow as tf

from reportgen.loss import loss


def _squares(own, x, before, after):
    """The sum of squares of own_i - before x_{i-1} - after x_{i+1}, with zeros beyond both ends."""
    first, last = own[0] - after * x[1], own[-1] - before * x[-2]
    ends = first * first + last * last
    if x.shape[0] == 2:
        return ends
    inner = own[1:-1] - before * x[:-2] - after * x[2:]
    return ends + tf.reduce_sum(inner * inner, axis=0)


def _nodes(dim):
    return np.arange(1.0, dim + 1) / (dim + 1)


def _boundary_value_root(dim):
    """The minimizer, [dim], by Newton's method from the solution of the differential equation, 2 / (2 - t) - t - 1."""
    t, square = _nodes(dim), 1 / (dim + 1) ** 2
    x = 2 / (2 - t) - t - 1
    for _ in range(6):
        cube = (x + t + 1) ** 3
        residual = 2 * x + square * cube / 2
        residual[1:] -= x[:-1]
        residual[:-1] -= x[1:]
        x = x - _solve(2 + 1.5 * square * (x + t + 1) ** 2, residual)
    return x


def _solve(diagonal, right):
    """Solve the tridiagonal system with off-diagonals of -1, by elimination from the top."""
    pivot, right = diagonal.tolist(), right.tolist()
    for i in range(1, len(pivot)):
        pivot[i] -= 1 / pivot[i - 1]
        right[i] += right[i - 1] / pivot[i - 1]
    right[-1] /= pivot[-1]
    for i in reversed(range(len(pivot) - 1)):
        right[i] = (right[i] + right[i + 1]) / pivot[i]
    return np.array(right)


@loss(
    dim=10,
    minima=lambda dim: [_boundary_value_root(dim)],
    minimum=0.0,
    start=lambda dim: _nodes(dim) * (_nodes(dim) - 1),
    domain=lambda dim: [(-1.0, 1.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left(2 x_i - x_{i-1} - x_{i+1} + \frac{h^2 (x_i + t_i + 1)^3}{2}\right)^2, \quad "
    r"t_i = ih, \; h = \frac{1}{n + 1}, \; x_0 = x_{n+1} = 0",
    source="Moré and Cosnard 1979; Moré, Garbow and Hillstrom 1981, problem 28; domain: ours",
    note="The condition number grows as the fourth power of the dimension, while the loss at the start shrinks as the "
    "third. In hundreds of coordinates single precision shows little but rounding.",
    tags=("n-d", "ill-conditioned", "sum-of-squares"),
)
def discrete_boundary_value(x):
    dim = x.shape[0]
    shifted = x + (_nodes(dim) + 1)
    own = 2 * x + shifted * shifted * shifted * (0.5 / (dim + 1) ** 2)
    return _squares(own, x, 1.0, 1.0)


def _broyden_root(dim):
    """The minimizer by Newton's method with the dominant diagonal only; each sweep halves the error."""
    x = np.full(dim, -0.7)
    for _ in range(100):
        residual = (3 - 2 * x) * x + 1
        residual[1:] -= x[:-1]
        residual[:-1] -= 2 * x[1:]
        x = x - residual / (3 - 4 * x)
    return x


@loss(
    dim=10,
    minima=lambda dim: [_broyden_root(dim)],
    minimum=0.0,
    start=lambda dim: [-1.0] * dim,
    domain=lambda dim: [(-2.0, 1.0)] * dim,
    formula=r"\sum_{i=1}^{n} \left((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1\right)^2, \quad x_0 = x_{n+1} = 0",
    source="Broyden 1965; Moré, Garbow and Hillstrom 1981, problem 30; domain: ours",
    note="Easy from the standard start in any dimension. From random starts some descents end in local minima. A "
    "second zero, with the first coordinate near 1.8, lies outside the domain.",
    tags=("multimodal", "n-d", "sum-of-squares"),
)
def broyden_tridiagonal(x):
    return _squares((3 - 2 * x) * x + 1, x, 1.0, 2.0)
