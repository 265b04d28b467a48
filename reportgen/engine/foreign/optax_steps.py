"""Steps of optax optimizers: the update of one run, mapped over all runs and compiled by JAX."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np
import optax

from reportgen.engine.foreign.frozen_values import require_no_frozen_values
from reportgen.engine.inputs import RunInputs
from reportgen.engine.result import Array
from reportgen.foreign import OptaxOptimizer


class OptaxSteps:
    """Makes the steps of all runs."""

    def __init__(
        self, kind: type[OptaxOptimizer], values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        """``values`` are the hyperparameters of ``kind``; ``shapes`` are those of the loss."""
        self._kind = kind
        self._shapes = shapes
        self._arguments = {name: value for name, value in values.items() if name != "schedule"}
        self._init = jax.jit(jax.vmap(self._init_run))
        self._update = jax.jit(jax.vmap(self._step_run))

    counted = None
    evaluations = None

    def start(self, inputs: RunInputs) -> None:
        """Make the state of each run."""
        if inputs.x0.dtype == np.float64:
            jax.config.update("jax_enable_x64", True)
        rate = float(inputs.learning_rate[0])
        require_no_frozen_values(partial(self._transformation, rate), self._parameters(inputs.x0[0]))
        self._state = self._init(inputs.learning_rate.astype(inputs.x0.dtype), inputs.x0)

    def step(self, x: Array, gradient: Array, rate: Array) -> Array:
        """Step all runs; see ``Stepper.step``."""
        new, self._state = self._update(rate.astype(x.dtype), x, gradient, self._state)
        return np.asarray(new)

    def _transformation(self, rate: Any) -> Any:
        return self._kind.target(**{self._kind.rate: rate}, **self._arguments)

    def _init_run(self, rate: Any, x: Any) -> Any:
        return self._transformation(rate).init(self._parameters(x))

    def _step_run(self, rate: Any, x: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        parameters = self._parameters(x)
        updates, new = self._transformation(rate).update(self._parameters(gradient), state, parameters)
        after = optax.apply_updates(parameters, updates)
        return self._vector(after), new

    def _parameters(self, x: Any) -> Any:
        """The arrays that a position [dim] consists of, by name; the position itself without shapes."""
        if not self._shapes:
            return x
        ends = np.cumsum([math.prod(shape) for shape in self._shapes.values()])
        pieces = jax.numpy.split(x, ends[:-1])
        return {name: piece.reshape(shape) for (name, shape), piece in zip(self._shapes.items(), pieces, strict=True)}

    def _vector(self, parameters: Any) -> Any:
        if not self._shapes:
            return parameters
        return jax.numpy.concatenate([parameters[name].ravel() for name in self._shapes])
