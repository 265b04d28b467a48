"""Factors of rank two of a matrix: not convex, but every local minimum is global."""

from functools import cache

import numpy as np
import tensorflow as tf
from reportgen.builtin_losses.samples import generator

from reportgen.loss import loss

RANK = 2


def side(dim):
    """The number of rows and of columns of the matrix, if its factors have ``dim`` entries in total."""
    if dim % (2 * RANK) or dim < 4 * RANK:
        raise ValueError(f"expected dim = {RANK} x (rows + columns), a multiple of {2 * RANK} and at least {4 * RANK}")
    return dim // (2 * RANK)


@cache
def matrix(dim, seed):
    """A matrix of rank two plus noise, [side, side]."""
    size, draw = side(dim), generator(seed)
    return draw.normal(size=(size, RANK)) @ draw.normal(size=(RANK, size)) + 0.1 * draw.normal(size=(size, size))


def balanced(dim, seed):
    """The optimal factors of equal norm, [dim] (Eckart and Young 1936)."""
    left, strengths, right = np.linalg.svd(matrix(dim, seed))
    roots = np.sqrt(strengths[:RANK, np.newaxis])
    return np.concatenate([(left.T[:RANK] * roots).ravel(), (right[:RANK] * roots).ravel()])


def unexplained(dim, *, seed):
    """The minimum."""
    rest = np.linalg.svd(matrix(dim, seed), compute_uv=False)[RANK:]
    return rest @ rest / (2 * side(dim) ** 2)


def start(dim):
    """Small and unequal factors, [dim], because zero is a saddle."""
    side(dim)
    return 0.1 * np.random.default_rng(1).normal(size=dim)


@loss(
    dim=80,
    samples=lambda dim: side(dim) ** 2,
    shapes=lambda dim: {"left": (RANK, side(dim)), "right": (RANK, side(dim))},
    minima=lambda dim, *, seed: [balanced(dim, seed)],
    minimum=unexplained,
    saddles=lambda dim: [(0.0,) * dim],
    start=start,
    domain=lambda dim: [(-4.0, 4.0)] * dim,
    formula=r"\frac{1}{2 n^2} \sum_{i=1}^{n} \sum_{j=1}^{n} "
    r"\left(u_{1i} v_{1j} + u_{2i} v_{2j} - m_{ij}\right)^2",
    source="ours: a matrix of rank 2 with a tenth of noise; minimum: Eckart and Young 1936",
    note="The loss is unchanged if one factor grows as the other shrinks, so minimizers form surfaces; one minimizer "
    "is listed. Near the saddle at zero, where small starts lie, the gradient is tiny.",
    tags=("ill-conditioned", "saddle", "n-d", "sum-of-squares", "task"),
)
def matrix_factorization(x, rows=None, *, seed=0):
    size = side(x.shape[0])
    known = tf.constant(matrix(x.shape[0], seed), x.dtype)
    left, right = tf.unstack(tf.reshape(x, [2, RANK, size]))
    residual = tf.reshape(tf.matmul(left, right, transpose_a=True) - known, [-1])
    if rows is not None:
        residual = tf.gather(residual, rows)
    return tf.reduce_mean(residual * residual) / 2
