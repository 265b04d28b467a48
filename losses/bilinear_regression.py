"""Least squares for a matrix of weights between two sets of inputs: the Hessian is a Kronecker product."""

from functools import cache
from math import isqrt, sqrt

import tensorflow as tf
from reportgen.builtin_losses.samples import correlated, generator

from reportgen.loss import loss


def side(dim):
    """The number of rows and of columns of the weights."""
    size = isqrt(dim)
    if size * size != dim or dim < 4:
        raise ValueError(f"expected dim = rows x columns of a square matrix, for example {max(size, 2) ** 2}")
    return size


@cache
def data(dim, condition, seed):
    """Left inputs and right inputs, one per row, and the solution, [side, side] each.

    Each set of inputs has the root of the condition number: the eigenvalues of a Kronecker product are the products of
    an eigenvalue of one factor and one of the other.
    """
    if condition < 1:
        raise ValueError(f"condition = {condition}: expected a value >= 1")
    size, draw = side(dim), generator(seed)
    left, right = (correlated(draw, size, size, sqrt(condition)) for _ in range(2))
    return left, right, draw.uniform(-2, 2, size=(size, size))


@loss(
    dim=64,
    samples=lambda dim: side(dim) ** 2,
    shapes=lambda dim: {"W": (side(dim), side(dim))},
    minima=lambda dim, *, condition, seed: [data(dim, condition, seed)[2].ravel()],
    minimum=0.0,
    start=lambda dim: (0.0,) * (side(dim) ** 2),
    domain=lambda dim: [(-3.0, 3.0)] * dim,
    formula=r"\frac{1}{2 n^2} \sum_{i=1}^{n} \sum_{j=1}^{n} \left(a_i^{\top} (W - W^{\ast}) b_j\right)^2",
    source="ours: square inputs without noise, stretched so that the eigenvalues of the Hessian, a Kronecker product, "
    "run from 1 / condition to 1; model: Potthoff and Roy 1964",
    note="A matrix W predicts a number for each pair of inputs a and b. The singular values of the gradient differ by "
    "a factor of about the condition number, and gradient descent needs about as many steps. Optimizers that "
    "orthogonalise updates, such as Muon, move about equally far in all directions. They end in a cycle as wide as "
    "their learning rate unless a schedule lowers it.",
    tags=("convex", "ill-conditioned", "n-d", "sum-of-squares", "task"),
)
def bilinear_regression(x, rows=None, *, condition=100.0, seed=0):
    size = side(x.shape[0])
    left, right, solution = (tf.constant(each, x.dtype) for each in data(x.shape[0], condition, seed))
    # The solution is subtracted first, so that the loss is exactly zero there.
    error = tf.matmul(left, tf.reshape(x, [size, size]) - solution)
    residual = tf.reshape(tf.matmul(error, right, transpose_b=True), [-1])
    if rows is not None:
        residual = tf.gather(residual, rows)
    return tf.reduce_mean(residual * residual) / 2
