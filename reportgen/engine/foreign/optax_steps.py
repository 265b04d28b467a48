"""Steps of optax optimizers: the update of one run, mapped over all runs and compiled by JAX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import optax

from reportgen.engine.inputs import RunInputs
from reportgen.engine.result import Array
from reportgen.foreign import OptaxOptimizer


class OptaxSteps:
    """Makes the steps of all runs."""

    def __init__(self, kind: type[OptaxOptimizer], values: Mapping[str, Any]) -> None:
        """``values`` are the hyperparameters of ``kind``."""
        self._kind = kind
        self._arguments = {name: value for name, value in values.items() if name != "schedule"}
        self._init = jax.jit(jax.vmap(self._init_run))
        self._update = jax.jit(jax.vmap(self._step_run))

    def start(self, inputs: RunInputs) -> None:
        """Make the state of each run."""
        if inputs.x0.dtype == np.float64:
            jax.config.update("jax_enable_x64", True)
        self._state = self._init(inputs.learning_rate.astype(inputs.x0.dtype), inputs.x0)

    def step(self, x: Array, gradient: Array, rate: Array) -> Array:
        """Step all runs; see ``Stepper.step``."""
        new, self._state = self._update(rate.astype(x.dtype), x, gradient, self._state)
        return np.asarray(new)

    def _transformation(self, rate: Any) -> Any:
        return self._kind.target(**{self._kind.rate: rate}, **self._arguments)

    def _init_run(self, rate: Any, x: Any) -> Any:
        return self._transformation(rate).init(x)

    def _step_run(self, rate: Any, x: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        updates, new = self._transformation(rate).update(gradient, state, x)
        return optax.apply_updates(x, updates), new
