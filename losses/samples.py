"""Helpers for losses that are means over samples."""

import numpy as np
import tensorflow as tf


def products(data, weights, rows):
    """The products [samples, batch] of samples [samples, features] with weights [features, batch].

    ``rows``, int32 [chosen, batch], selects the samples of each column, and the result is [chosen, batch]. None selects
    all samples.
    """
    values = tf.constant(data, weights.dtype)
    if rows is None:
        return tf.matmul(values, weights)
    return tf.reduce_sum(tf.gather(values, rows) * tf.transpose(weights)[tf.newaxis], axis=-1)


def chosen(data, like, rows):
    """One number per sample, [samples, 1], or those of the ``rows`` of each column, [chosen, batch]."""
    values = tf.constant(data, like.dtype)
    return values[:, tf.newaxis] if rows is None else tf.gather(values, rows)


def generator(seed):
    """A random generator; raises ValueError if ``seed`` is not an integer >= 0."""
    if seed != int(seed) or seed < 0:
        raise ValueError(f"seed = {seed}: expected an integer >= 0")
    return np.random.default_rng(int(seed))


def correlated(draw, samples, features, condition):
    """Samples [samples, features]; the eigenvalues of their second moments run from 1 / condition to 1.

    Raises ValueError if ``condition`` is below 1.
    """
    if condition < 1:
        raise ValueError(f"condition = {condition}: expected a value >= 1")
    left, _ = np.linalg.qr(draw.normal(size=(samples, features)))
    right, _ = np.linalg.qr(draw.normal(size=(features, features)))
    return left * np.sqrt(samples * np.logspace(0, -np.log10(condition), features)) @ right
