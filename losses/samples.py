"""Helpers for losses that are means over samples."""

import numpy as np
import tensorflow as tf


def chosen(data, like, rows):
    """The samples of ``rows``, int32 [chosen], or all samples if it is None, with the dtype of ``like``."""
    values = tf.constant(data, like.dtype)
    return values if rows is None else tf.gather(values, rows)


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
