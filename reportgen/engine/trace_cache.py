"""Traced steps of rules, which are used again in the loops of other losses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from reportgen.tensor import Tensor


class Traced(NamedTuple):
    """What tracing a part of a rule gives."""

    outputs: Sequence[Tensor]
    fact: Any
    """What was found on the way: the structure of the state, or the number of gradient evaluations."""
    uses_loss: bool = False
    """Whether the trace contains the loss, so that it cannot be used with another one."""


Trace = Callable[[Mapping[str, Any], Mapping[str, Any]], Traced]
"""Traces a part of a rule, given what all runs share and what each run has, as tensors in nested mappings."""


class TraceCache:
    """What was traced in this process. Only one thread may trace at a time."""

    def __init__(self) -> None:
        self._functions: dict[Hashable, tuple[Any, Traced]] = {}

    def trace(self, key: Hashable, trace: Trace, shared: Mapping[str, Any], runs: Mapping[str, Any]) -> Traced:
        """Return what ``trace`` gives. It is called only if there was no call with the same key, shapes and dtypes."""
        nest = (shared, runs)
        tensors = tf.nest.flatten(nest)
        signature = tuple((tuple(tensor.shape), tensor.dtype) for tensor in tensors)
        names = (*_names(shared), *_names(runs))
        full_key = (key, names, signature)
        function, traced = self._functions.get(full_key) or _traced_function(trace, nest, tensors)
        if not traced.uses_loss:
            self._functions[full_key] = function, traced
        return traced._replace(outputs=function(*tensors))


def _names(nest: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all tensors, those of inner mappings with the outer name before them."""
    return tuple(
        f"{name}.{inner}" if isinstance(value, Mapping) else name
        for name, value in nest.items()
        for inner in (value if isinstance(value, Mapping) else tf.nest.flatten(value))
    )


def _traced_function(trace: Trace, nest: Any, tensors: Sequence[Tensor]) -> tuple[Any, Traced]:
    found = []

    def flat(*values: Tensor) -> Sequence[Tensor]:
        found.append(trace(*tf.nest.pack_sequence_as(nest, values)))
        return found[0].outputs

    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    function = tf.function(flat, autograph=False).get_concrete_function(*specs)
    return function, found[0]._replace(outputs=())
