"""Steps that TensorFlow executes operation by operation: slow, and right for whatever an optimizer does."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from reportgen.engine.foreign.errors import NotReproducible
from reportgen.engine.foreign.first_steps import Applier
from reportgen.engine.foreign.state import OwnObject
from reportgen.engine.inputs import RunInputs
from reportgen.engine.result import Array


class EagerSteps:
    """One new object for each run, and another one for the first run, which must make the same steps."""

    def __init__(self, applier: Applier) -> None:
        """``applier`` makes and calls the objects."""
        self._applier = applier
        self._objects: list[OwnObject] = []

    counted = None
    evaluations = None

    def start(self, inputs: RunInputs) -> None:
        """Make the objects."""
        runs = [0, *range(len(inputs.x0))]
        self._objects = [self._applier.new(inputs.take(np.array([run]))) for run in runs]

    def step(self, x: Array, gradient: Array, rate: Array) -> Array:
        """Let each object make its step; runs that are lost stay where they are."""
        new = x.copy()
        for run in np.flatnonzero(np.isfinite(gradient).all(axis=1)).tolist():
            new[run] = self._applied(run + 1, x[run], gradient[run], rate[run])
            if run == 0 and not np.array_equal(new[0], self._applied(0, x[0], gradient[0], rate[0]), equal_nan=True):
                raise NotReproducible
        return new

    def _applied(self, index: int, x: Array, gradient: Array, rate: float) -> Array:
        own = self._objects[index]
        new: Array = self._applier.apply(own, tf.constant(x), tf.constant(gradient), rate).numpy()
        return new
