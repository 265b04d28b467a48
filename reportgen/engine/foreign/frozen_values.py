"""Finds values that JAX would freeze: those that Python code computes anew each time that it is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from reportgen.engine.foreign.errors import NotReproducible


def require_no_frozen_values(make: Callable[[], Any], parameters: Any) -> None:
    """Trace ``init`` and ``update`` of two new transformations, ``update`` twice; all traces must be equal.

    Compiled code repeats the values of its only trace in all steps and runs. What differs between traces is compared
    in the text that JAX compiles, which contains all constants with all their digits.

    Args:
        make: returns a new transformation.
        parameters: arrays, as the transformation gets them.

    Raises:
        NotReproducible: some traces differ.
    """
    made = [make(), make()]
    inits = {_text(each.init, parameters) for each in made}
    state = jax.eval_shape(made[0].init, parameters)
    updates = {_text(each.update, parameters, state, parameters) for each in (made[0], *made)}
    for name, texts in (("init", inits), ("update", updates)):
        if len(texts) > 1:
            raise NotReproducible(
                f"{name} of the optimizer contains other numbers each time that JAX traces it: random numbers of NumPy "
                "or Python, a counter or the time. JAX would use the first ones in all steps. Draw random numbers "
                "with jax.random, and keep everything that changes in the state"
            )


def _text(function: Callable[..., Any], *arguments: Any) -> str:
    # A new function each time, because JAX keeps the trace of a function that it knows.
    text: str = jax.jit(lambda *values: function(*values)).lower(*arguments).as_text()
    return text
