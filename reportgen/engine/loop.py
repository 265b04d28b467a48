"""The compiled loop: every run of a program stepped at once, with targets, best and outcome tracked on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import Any, NamedTuple

import tensorflow as tf

from reportgen.config.model import Noise
from reportgen.engine import batch, reductions
from reportgen.engine.batch import Scalar, Vector
from reportgen.engine.minibatch import Minibatches
from reportgen.engine.problem import BatchProblem, Setting, value_and_gradient
from reportgen.engine.result import NEVER
from reportgen.engine.state import carried, same_structure
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


class Record(NamedTuple):
    """What is known of each run so far."""

    best_loss: Any
    """[batch]"""
    steps: Any
    """int32 [5 + targets, batch]: one row for each of ``ROWS``, then the first step at which each target was reached.

    One tensor, because XLA would make a kernel of its own for each and recompute in it what they share.
    """


ROWS = ("last_finite", "last_finite_x", "last_moved", "first_unchanged", "best_step")
"""Last step after which x, loss and gradient are finite (there the run stays), and after which x is; last step that
changed x, and first that did not; step of the lowest loss."""


LOST, ONLY_X, STAYED, MOVED = 0.0, 1.0, 2.0, 3.0
"""What becomes of a run in a step: lost, now or before; x alone is finite; all is finite, and x as it was, or not."""


class Position(NamedTuple):
    """Where each run is."""

    x: Vector
    loss: Any
    gradient: Vector


class Carry(NamedTuple):
    """The loop's variables."""

    step: Any
    position: Position
    state: Any
    record: Record


class Arrays(NamedTuple):
    """The outputs of the compiled loop for one batch of runs, as tensors; ``points`` is the length of the schedule."""

    initial_loss: Any
    initial_gradient: Any
    """[dim, batch]"""
    final_x: Any
    """[dim, batch]"""
    final_loss: Any
    final_gradient: Any
    """[dim, batch]"""
    record: Record
    trace: Any
    """[points, rows, batch]: the loss, the first one or two coordinates of x, and the gradient or its norm; what
    follows the last finite step of a run is without meaning."""
    paths: Any = None
    """[points, dim, shown], where the runs are of which that is asked for; None where it is of none."""


class Inputs(NamedTuple):
    """What differs from run to run."""

    x0: Any
    """[dim, batch] in the dtype of the runs"""
    learning_rate: Any
    """float64 [batch]"""
    key: Any
    """That of its random numbers, two uint32 [batch]."""
    seed: Any
    """That of the run, uint32 [batch]."""
    hyperparameters: Any
    """The numeric ones by name, float64 [batch], or [] where all runs share one value."""
    shown: Any
    """Which runs are sampled in all coordinates: their places in the batch, int32 [shown]."""


def build(
    loss: Loss,
    make_optimizer: Callable[[dict[str, Scalar], Scalar], Optimizer],
    samples: Any,
    noise: Noise | None,
) -> tuple[Any, list[int]]:
    """The traced-once function of one program, and a list that holds its gradient evaluations a step once traced.

    The function takes ``Inputs``, ``schedule`` (the steps at which runs are sampled, int32 [points]), ``minimum``,
    ``targets``, and the ``order`` of minibatches or None.
    """
    evaluations: list[int] = []
    points, steps = len(samples), int(samples[-1])

    @tf.function(jit_compile=True, autograph=False)
    def run(inputs: Inputs, schedule: Any, minimum: Any, targets: Any, order: Any) -> Arrays:
        with batch.batch_of(inputs.x0):
            return traced(inputs, schedule, minimum, targets, order)

    def traced(inputs: Inputs, schedule: Any, minimum: Any, targets: Any, order: Any) -> Arrays:
        x0, learning_rate, key, run_seed, hyperparameters, shown = inputs
        rate = Scalar(learning_rate, weak=True)
        optimizer = make_optimizer({name: Scalar(value, weak=True) for name, value in hyperparameters.items()}, rate)
        seen = None if order is None else Minibatches(order, run_seed)
        setting = Setting(loss, steps, optimizer.schedule, rate, key, noise, seen)
        start = _start(loss, batch.vector(x0))
        levels = _levels(start.loss, minimum, targets)
        carry = Carry(tf.constant(1), start, carried(optimizer.init(start.x), start.x), _first_record(start, levels))

        def advance(carry: Carry) -> Carry:
            problem = BatchProblem(setting, carry.step, carry.position.x, carry.position[1:])
            new_x, new_state = optimizer.step(carry.position.x, carry.state, problem)
            evaluations[:] = [problem.evaluations]
            _require_position(new_x, carry.position.x)
            new = Position(new_x, *value_and_gradient(loss, new_x))
            position, record = _observe(carry, new, levels)
            return Carry(carry.step + 1, position, same_structure(carry.state, new_state, start.x), record)

        carry, sampled = _sampled(carry, advance, partial(_sample, shown=shown), schedule, points)
        return Arrays(
            start.loss,
            batch.rows(start.gradient),
            batch.rows(carry.position.x),
            carry.position.loss,
            batch.rows(carry.position.gradient),
            carry.record,
            *sampled,
        )

    return run, evaluations


def _start(loss: Loss, x: Vector) -> Position:
    return Position(x, *value_and_gradient(loss, x))


def _levels(initial_loss: Any, minimum: Any, targets: Any) -> Any:
    """f* + tau (f(x_0) - f*) for each target tau, computed in float64: [targets, batch] in the run's dtype."""
    excess = tf.cast(initial_loss, tf.float64) - minimum
    return tf.cast(minimum + targets[:, tf.newaxis] * excess, initial_loss.dtype)


def _finite(position: Position) -> tuple[Any, Any]:
    """Whether x is finite, and whether x, loss and gradient are: two [batch] booleans."""
    x = _every(tf.math.is_finite(part) for part in position.x.parts)
    rest = _every(tf.math.is_finite(part) for part in (position.loss, *position.gradient.parts))
    return x, x & rest


def _every(flags: Iterable[Any]) -> Any:
    """Whether all hold, of flags [batch] or [dim, batch]: [batch]."""
    return reduce(tf.logical_and, (tf.reduce_all(flag, axis=0) if flag.shape.rank == 2 else flag for flag in flags))


def _status(running: Any, new: Position, old: Position) -> Any:
    """What became of each run in a step: one of ``LOST`` to ``MOVED``, [batch] in the run's dtype.

    The square root gives each number back, and XLA computes a root once: a mere comparison it would compute again in
    each of the kernels that ask, and the new loss and gradient with it.
    """
    finite_x, finite = _finite(new)
    unchanged = _every(new_part == old_part for new_part, old_part in zip(new.x.parts, old.x.parts, strict=True))
    lost, only_x, stayed, moved = (tf.constant(status**2, new.loss.dtype) for status in (LOST, ONLY_X, STAYED, MOVED))
    whole = tf.where(unchanged, stayed, moved)
    return tf.sqrt(tf.where(running & finite, whole, tf.where(running & finite_x, only_x, lost)))


def _first_record(start: Position, levels: Any) -> Record:
    zero = tf.zeros_like(start.loss, tf.int32)
    never = zero + NEVER
    _, finite = _finite(start)
    # A start that is not finite shows in the first step, which evaluates it.
    last_finite = tf.where(finite, 0, NEVER)
    rows = [last_finite, zero, zero, never, zero]
    return Record(start.loss, tf.concat([tf.stack(rows), tf.where(finite & (start.loss <= levels), 0, NEVER)], axis=0))


def _running(record: Record, step: Any) -> Any:
    """Whether each run was finite at all positions before ``step``."""
    return record.steps[0] == step - 1


def _observe(carry: Carry, new: Position, levels: Any) -> tuple[Position, Record]:
    """The position and the record after a step; a run that diverged stays at its last finite position."""
    step, old, record = carry.step, carry.position, carry.record
    status = _status(_running(record, step), new, old)
    # Where a device's root is not exact, it is near enough to tell them apart.
    kept, moved = status > STAYED - 0.5, status > MOVED - 0.5
    x = batch.elementwise(tf.where, (Scalar(kept), new.x, old.x))
    gradient = batch.elementwise(tf.where, (Scalar(kept), new.gradient, old.gradient))
    loss = tf.where(kept, new.loss, old.loss)
    never = record.steps == NEVER
    happened = [
        kept,
        status > ONLY_X - 0.5,
        moved,
        kept & ~moved & never[3],
        loss < record.best_loss,
    ]
    reached = never[len(ROWS) :] & (loss <= levels)
    happened = tf.concat([tf.stack(happened), reached], axis=0)
    best_loss = tf.where(loss < record.best_loss, loss, record.best_loss)
    return Position(x, loss, gradient), Record(best_loss, tf.where(happened, step, record.steps))


def _sampled(
    carry: Carry,
    advance: Callable[[Carry], Carry],
    sample: Callable[[Position], list[Any]],
    schedule: Any,
    points: int,
) -> tuple[Carry, list[Any]]:
    """Run to the end of the schedule, or until no run is left, and ``sample`` the runs at its steps.

    Each step writes the row of the sample to come, and the last to do so is the sample: a branch or a second loop would
    cost more to compile than the writing costs to run.
    """
    first_rows = sample(carry.position)
    samples = [tf.TensorArray(row.dtype, points, element_shape=row.shape) for row in first_rows]

    # TensorFlow packs and unpacks a nest of loop variables a dozen times: plain tensors are traced in half the time.
    def packed(flat: Any) -> Carry:
        whole: Carry = tf.nest.pack_sequence_as(carry, flat, expand_composites=True)
        return whole

    def running(index: Any, _: Any, *flat: Any) -> Any:
        now = packed(flat)
        return (index < points) & tf.reduce_any(_running(now.record, now.step))

    def step(index: Any, samples: Any, *flat: Any) -> Any:
        due = tf.cast(tf.gather(schedule, index) == flat[0], tf.int32)
        new = advance(packed(flat))
        rows = zip(samples, sample(new.position), strict=True)
        written = [array.write(index, row) for array, row in rows]
        return index + due, written, *tf.nest.flatten(new, expand_composites=True)

    first = tf.nest.flatten(carry, expand_composites=True)
    _, samples, *last = tf.while_loop(running, step, (tf.constant(0), samples, *first))
    return packed(last), [array.stack() for array in samples]


def _sample(position: Position, shown: Any) -> list[Any]:
    """One row of the trace: loss, first coordinates of x, and the gradient (in a block its norm): [2 + ..., batch].

    And one of the paths, if any runs are ``shown``: their positions, [dim, shown].
    """
    x, loss, gradient = position
    plane = tf.unstack(x.parts[0][:2]) if x.block else x.parts[:2]
    slope = [reductions.norm(gradient).value] if gradient.block else gradient.parts
    row = tf.stack([loss, *plane, *slope])
    return [row, tf.gather(batch.rows(x), shown, axis=1)] if shown.shape[0] else [row]


def _require_position(new: Any, old: Vector) -> None:
    if not isinstance(new, Vector) or len(new) != len(old) or new.dtype != old.dtype:
        found = f"dtype {new.dtype.name}" if isinstance(new, Vector) else type(new).__name__
        raise TypeError(
            f"step must return the new position and the new state, the position with shape [{len(old)}] and "
            f"dtype {old.dtype.name}: found {found}"
        )
