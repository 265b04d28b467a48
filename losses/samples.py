"""What losses that are means over samples have in common."""

import numpy as np
import tensorflow as tf


def products(data, weights, rows):
    """The products [samples, batch] of samples [samples, features] with weights [features, batch].

    ``rows``, int32 [chosen, batch], are the samples that count for each column; None: all.
    """
    values = tf.constant(data, weights.dtype)
    if rows is None:
        return tf.matmul(values, weights)
    return tf.reduce_sum(tf.gather(values, rows) * tf.transpose(weights)[tf.newaxis], axis=-1)


def chosen(data, like, rows):
    """One number a sample, [samples, 1], or those of the ``rows`` of each column, [chosen, batch]."""
    values = tf.constant(data, like.dtype)
    return values[:, tf.newaxis] if rows is None else tf.gather(values, rows)


def generator(seed):
    """Random numbers of a whole seed."""
    if seed != int(seed) or seed < 0:
        raise ValueError(f"seed = {seed} is not possible: a whole number from 0 on is expected")
    return np.random.default_rng(int(seed))


def correlated(draw, samples, features, condition):
    """Samples [samples, features] whose second moments have eigenvalues from 1 / condition to 1."""
    if condition < 1:
        raise ValueError(f"condition = {condition} is not possible: 1 or more is expected")
    left, _ = np.linalg.qr(draw.normal(size=(samples, features)))
    right, _ = np.linalg.qr(draw.normal(size=(features, features)))
    return left * np.sqrt(samples * np.logspace(0, -np.log10(condition), features)) @ right
