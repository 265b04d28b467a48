"""A loss and its derivatives at the position of one run."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from reportgen.engine.number import CONTROL_FLOW, ITERATION
from reportgen.loss import Loss
from reportgen.tensor import Tensor


def evaluate(loss: Loss, x: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return the loss at a position.

    Args:
        loss: the loss.
        x: the position, shape [dim].
        rows: the samples of a minibatch, int32 [batch_size]; None: all samples.

    Returns:
        The loss, shape [] and the dtype of ``x``.

    Raises:
        TypeError: the function of the loss returns anything else.
    """
    arguments = tf.unstack(x) if loss.default_dim is None else [x]
    value = loss.function(*arguments, *([] if rows is None else [rows]), **loss.parameters)
    if not tf.is_tensor(value) or value.shape.rank != 0 or value.dtype != x.dtype:
        found = f"shape {value.shape} and dtype {value.dtype.name}" if tf.is_tensor(value) else type(value).__name__
        raise TypeError(
            f"loss {loss.name} must return one number that depends on its position, shape [] and dtype "
            f"{x.dtype.name}: found {found}"
        )
    return value


def value_and_gradient(loss: Loss, x: Tensor, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return the loss, shape [], and its gradient, shape [dim]; arguments and errors as for ``evaluate``."""
    # Unlike tf.gradients, a tape does not trace the gradients of constants, which nobody needs.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = evaluate(loss, x, rows)
    return value, tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def hessian_vector_product(loss: Loss, x: Tensor, vector: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return the Hessian at ``x`` times ``vector``, both of shape [dim], as the gradient of gradient times vector."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        _, gradient = value_and_gradient(loss, x, rows)
        product = tf.reduce_sum(gradient * vector)
    return tape.gradient(product, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def hessian(loss: Loss, x: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return the Hessian at ``x``, shape [dim, dim]; its rows are products with the unit vectors."""
    unit_vectors = tf.eye(x.shape[0], dtype=x.dtype)
    if tf.executing_eagerly():
        return tf.stack([hessian_vector_product(loss, x, vector, rows) for vector in unit_vectors])
    return map_runs(lambda vector: hessian_vector_product(loss, x, vector, rows), unit_vectors)


def map_runs(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Apply ``function``, written for one run, to many runs at once.

    Args:
        function: from tensors of one run to a nest of tensors.
        inputs: the nest that ``function`` takes, each tensor with the runs as first axis.

    Raises:
        TypeError: the function uses an operation that cannot be applied to many runs at once.
    """
    if tf.executing_eagerly():  # TensorFlow would translate its own code, and leave that in a temporary file
        return tf.function(partial(map_runs, function), autograph=False)(inputs)
    raised = []

    @tf.autograph.experimental.do_not_convert
    def recorded(of_run: Any) -> Any:
        try:
            return function(of_run)
        except BaseException as error:
            raised.append(error)
            raise

    try:
        return tf.vectorized_map(recorded, inputs, fallback_to_while_loop=False, warn=False)
    except BaseException as error:
        # TensorFlow wraps what a function raises, and hides where that was.
        raise readable(raised[0] if raised else error)  # noqa: B904


def readable(error: BaseException) -> BaseException:
    """Return the error, with a sentence that says what to do if TensorFlow's own does not."""
    if isinstance(error, tf.errors.OperatorNotAllowedInGraphError):
        iterates = "iterat" in str(error).lower()
        return TypeError(ITERATION if iterates else CONTROL_FLOW).with_traceback(error.__traceback__)
    if unknown := re.search(r"No pfor vectorization defined for (\w+)", str(error)):
        return TypeError(
            f"TensorFlow's operation {unknown[1]} cannot be applied to many runs at once: tf.vectorized_map does not "
            "support it"
        )
    if missing := sorted(set(re.findall(r"No registered '(\w+)' OpKernel", str(error)))):
        return TypeError(f"TensorFlow's operation {', '.join(missing)} cannot be compiled: use other operations")
    if "from a dynamic tensor" in str(error):
        return TypeError(
            "a condition, size or index that differs from run to run, as of tf.cond, cannot be compiled: use tf.where"
        )
    if isinstance(error, TypeError) and all(dtype in str(error) for dtype in ("float32", "float64", " match", "type")):
        return TypeError(
            f"{error} (a Python number may become float32 before it meets a float64 tensor, as in tf.maximum(0.0, x): "
            "put the tensor first, or write tf.constant(0.0, x.dtype))"
        ).with_traceback(error.__traceback__)
    return error
