"""Optimizers of Keras, run live: ``rule`` is a class in keras.optimizers."""

from __future__ import annotations

from typing import Any
from unittest import mock

import keras
import tensorflow as tf
from keras.src import ops
from optimizer_cases import Oracle

from oracles.gradients import Run


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step; one optimizer steps them all, each a variable of its own."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        # Keras makes float32 of its hyperparameters before it makes float64 of them. (Its weight decay it still does.)
        with mock.patch.object(ops, "cast", _exact_cast):
            variables = [keras.Variable(run.start, dtype="float64") for run in runs]
            optimizer = getattr(keras.optimizers, oracle.rule)(learning_rate=rate, **oracle.arguments)
            optimizer.build(variables)
            return _drive(optimizer, variables, runs, steps)
    finally:
        keras.config.set_floatx(before)


def _exact_cast(x: Any, dtype: Any) -> tf.Tensor:
    return tf.constant(x, dtype) if isinstance(x, float) else tf.cast(x, dtype)


def _drive(optimizer: keras.Optimizer, variables: list, runs: list[Run], steps: int) -> list[list[list[float]]]:
    apply = tf.function(lambda gradients: optimizer.apply(gradients, variables), autograph=False)
    positions: list[list[list[float]]] = [[] for _ in runs]
    points = [list(run.start) for run in runs]
    for _ in range(steps):
        slopes = [run.gradient(point) for run, point in zip(runs, points, strict=True)]
        apply([tf.constant(each, tf.float64) for each in slopes])
        points = [variable.numpy().tolist() for variable in variables]
        for seen, point in zip(positions, points, strict=True):
            seen.append(point)
    return positions
