"""The compiled loop: the runs of all optimizers on one loss, stepped at once and recorded on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import tensorflow as tf

from reportgen.engine.evaluation import map_runs, value_and_gradient
from reportgen.engine.minibatch import Minibatches
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import NEVER
from reportgen.engine.rule import BindRule, Inputs
from reportgen.loss import Loss
from reportgen.tensor import Tensor

T = TypeVar("T")

ROWS = ("last_finite", "last_finite_x", "last_moved", "first_unchanged", "best_step")
"""Last step after which x, loss and gradient are finite (the run stays there), and after which x is; last step that
changed x, and first that did not; step of the lowest loss."""

LOST, ONLY_X, STAYED, MOVED = 0.0, 1.0, 2.0, 3.0
"""The status of a run after a step: not finite now or before; only x is finite; all is finite, and x as before, or
not."""


class Position(NamedTuple):
    """Where each run is."""

    x: Tensor
    """[runs, dim]"""
    loss: Tensor
    """[runs]"""
    gradient: Tensor
    """[runs, dim]"""


class Record(NamedTuple):
    """What is known of each run so far."""

    best_loss: Tensor
    """[runs]"""
    steps: Tensor
    """int32 [5 + targets, runs]: one row for each of ``ROWS``, then one step for each target.

    Judged by the last iterate, that is the last step after which the run was not within the target, otherwise the first
    step after which it was.

    One tensor: XLA would make a kernel for each row and recompute in it what they share.
    """


class Carry(NamedTuple):
    """The variables of the loop."""

    step: Tensor
    position: Position
    states: list[list[Tensor]]
    """The leaves of the state of each rule."""
    record: Record


class Outputs(NamedTuple):
    """The outputs of the compiled loop for all of its runs; ``points`` is the length of the schedule."""

    initial_loss: Tensor
    """[runs]"""
    initial_gradient: Tensor
    """[runs, dim]"""
    final_x: Tensor
    """[runs, dim]"""
    final_loss: Tensor
    """[runs]"""
    final_gradient: Tensor
    """[runs, dim]"""
    best_loss: Tensor
    """[runs]"""
    steps: Tensor
    """See ``Record.steps``."""
    trace: Tensor
    """[points, runs, 1 + plane + dim]: the loss, the first one or two coordinates of x, and the gradient; what follows
    the last finite step of a run has no meaning."""
    paths: Tensor
    """[points, shown, dim]: the positions of the runs that are shown."""


class Loop:
    """The compiled loop of the optimizers of one loss. It is traced when it is called for the first time."""

    def __init__(
        self,
        setting: Setting,
        bind: Sequence[BindRule],
        points: int,
        judged_by: str,
        on_trace: Callable[[int | None], None] = lambda _: None,
    ) -> None:
        """Describe the loop.

        Args:
            setting: what all runs share.
            bind: binds each of the rules to its runs.
            points: the length of the schedule.
            judged_by: ``last`` or ``best``, see ``Record.steps``.
            on_trace: called with the index of the rule whose code is about to be traced; None: the loss.
        """
        self._on_trace = on_trace
        self._judged_by = judged_by
        self._setting = setting
        self._bind = bind
        self._points = points
        of_run = partial(value_and_gradient, setting.loss)
        # A function, so that it is traced once for the start and for the steps.
        self._evaluate = tf.function(partial(map_runs, of_run), autograph=False)
        self.evaluations: list[int] = []
        """Gradient evaluations per step of each rule, once traced."""
        self.failures: dict[int, BaseException] = {}
        """What rules raised while they were traced, by index. The other rules are traced all the same."""
        self.function = tf.function(self._run, jit_compile=True, autograph=False)
        """From ``Inputs`` of each rule, ``schedule`` (the sampled steps, int32 [points]), ``minimum``, ``targets``,
        ``scale`` (the gap that targets are shares of; None: that of each start), and the ``order`` of minibatches or
        None, to ``Outputs``."""

    def _run(
        self,
        inputs: Sequence[Inputs],
        schedule: Tensor,
        minimum: Tensor,
        targets: Tensor,
        scale: Tensor | None,
        order: Tensor | None,
    ) -> Outputs:
        rules = [bind(self._setting, of_rule) for bind, of_rule in zip(self._bind, inputs, strict=True)]
        sizes = [of_rule.x0.shape[0] for of_rule in inputs]
        key = tuple(tf.concat([of_rule.key[word] for of_rule in inputs], 0) for word in range(2))
        minibatches = None if order is None else Minibatches(order, tf.concat([each.seed for each in inputs], 0))
        firsts = accumulate(sizes[:-1], initial=0)
        shown = [of_rule.shown + first for of_rule, first in zip(inputs, firsts, strict=True)]
        start = self._position(tf.concat([of_rule.x0 for of_rule in inputs], 0))
        levels = target_levels(start.loss, minimum, targets, scale)
        aim = Aim(levels, counted_box(self._setting.loss, start.x), self._judged_by == "last")

        def advance(carry: Carry) -> Carry:
            x, loss, gradient = carry.position
            rows = minibatches.at(carry.step) if minibatches else None
            points = _split(Point(x, loss, gradient, carry.step, key, rows), sizes)
            stepped = [
                self._attempt(i, partial(rule.step, points[i], carry.states[i])) or (points[i].x, carry.states[i])
                for i, rule in enumerate(rules)
            ]
            new = self._position(tf.concat([new_x for new_x, _ in stepped], 0))
            position, record = observe(carry, new, aim)
            return Carry(carry.step + 1, position, [state for _, state in stepped], record)

        states = [self._attempt(i, rule.init) or [] for i, rule in enumerate(rules)]
        carry = Carry(tf.constant(1), start, states, first_record(start, aim))
        carry, trace, paths = _iterate(carry, advance, tf.concat(shown, 0), schedule, self._points)
        self.evaluations[:] = [rule.evaluations for rule in rules]
        return Outputs(*start[1:], *carry.position, *carry.record, trace, paths)

    def _position(self, x: Tensor) -> Position:
        return Position(x, *self._evaluate(x))

    def _attempt(self, index: int, trace: Callable[[], T]) -> T | None:
        """Trace a part of a rule; None if it fails, or has failed before."""
        if index in self.failures:
            return None
        self._on_trace(index)
        try:
            return trace()
        except BaseException as error:  # whatever a plug-in raises is the result of its program
            self.failures[index] = error
            return None
        finally:
            self._on_trace(None)


def _split(points: Point, sizes: Sequence[int]) -> list[Point]:
    """The runs of each rule."""
    step = points.step
    x, value, gradient = (tf.split(tensor, sizes) for tensor in (points.x, points.value, points.gradient))
    keys = zip(*(tf.split(word, sizes) for word in points.key), strict=True)
    rows = [None] * len(sizes) if points.rows is None else tf.split(points.rows, sizes)
    return [
        Point(x, value, gradient, step, key, rows)
        for x, value, gradient, key, rows in zip(x, value, gradient, keys, rows, strict=True)
    ]


@dataclass(frozen=True)
class Aim:
    """The targets of the runs, and when one counts as hit."""

    levels: Tensor
    """The largest loss that is within each target, [targets, 1 or runs]."""
    box: tuple[Tensor, Tensor] | None
    """Low and high ends, [dim] each, of the only region that counts; None if every position does."""
    last: bool
    """Whether the last iterate is judged."""

    def within(self, position: Position) -> Tensor:
        """Whether each run is within each target, bool [targets, runs]."""
        within = position.loss <= self.levels
        if self.box is None:
            return within
        low, high = self.box
        return within & tf.reduce_all((position.x >= low) & (position.x <= high), axis=1)


def counted_box(loss: Loss, x: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return low and high ends of the domain, [dim] in the dtype of ``x``; None if the minimum holds elsewhere too."""
    if not loss.domain_only:
        return None
    low, high = (tf.constant(ends, x.dtype) for ends in zip(*loss.domain, strict=True))
    return low, high


def target_levels(initial_loss: Tensor, minimum: Tensor, targets: Tensor, scale: Tensor | None) -> Tensor:
    """Return f* + tau scale for each target tau, computed in float64: [targets, 1 or runs] in the dtype of the runs."""
    gap = tf.cast(initial_loss, tf.float64) - minimum if scale is None else scale[tf.newaxis]
    return tf.cast(minimum + targets[:, tf.newaxis] * gap, initial_loss.dtype)


def _finite(position: Position) -> tuple[Tensor, Tensor]:
    """Whether x is finite, and whether x, loss and gradient are: two [runs] booleans."""
    finite_x = tf.reduce_all(tf.math.is_finite(position.x), axis=1)
    finite_gradient = tf.reduce_all(tf.math.is_finite(position.gradient), axis=1)
    return finite_x, finite_x & tf.math.is_finite(position.loss) & finite_gradient


def _status(running: Tensor, new: Position, old: Position) -> Tensor:
    """The status of each run after a step, ``LOST`` to ``MOVED``: [runs] in the dtype of the runs.

    The square root changes nothing, and XLA computes a root once. It would repeat a mere comparison, and with it the
    new loss and gradient, in each kernel that uses the status.
    """
    finite_x, finite = _finite(new)
    unchanged = tf.reduce_all(new.x == old.x, axis=1)
    lost, only_x, stayed, moved = (tf.constant(status**2, new.loss.dtype) for status in (LOST, ONLY_X, STAYED, MOVED))
    whole = tf.where(unchanged, stayed, moved)
    return tf.sqrt(tf.where(running & finite, whole, tf.where(running & finite_x, only_x, lost)))


def first_record(start: Position, aim: Aim) -> Record:
    """Return the record before the first step."""
    zero = tf.zeros_like(start.loss, tf.int32)
    never = zero + NEVER
    _, finite = _finite(start)
    # A start that is not finite shows in the first step, which evaluates it.
    last_finite = tf.where(finite, 0, NEVER)
    rows = [last_finite, zero, zero, never, zero]
    within = finite & aim.within(start)
    return Record(start.loss, tf.concat([tf.stack(rows), tf.where(within ^ aim.last, 0, NEVER)], axis=0))


def running(record: Record, step: Tensor) -> Tensor:
    """Return whether each run was finite at all positions before ``step``."""
    return record.steps[0] == step - 1


def observe(carry: Carry, new: Position, aim: Aim) -> tuple[Position, Record]:
    """Return the position and the record after a step; a run that diverged stays at its last finite position."""
    step, old, record = carry.step, carry.position, carry.record
    status = _status(running(record, step), new, old)
    # If the root of a device is not exact, it is still near enough to tell them apart.
    kept, moved = status > STAYED - 0.5, status > MOVED - 0.5
    x = tf.where(kept[:, tf.newaxis], new.x, old.x)
    gradient = tf.where(kept[:, tf.newaxis], new.gradient, old.gradient)
    loss = tf.where(kept, new.loss, old.loss)
    never = record.steps == NEVER
    improved = loss < record.best_loss
    happened = [kept, status > ONLY_X - 0.5, moved, kept & ~moved & never[3], improved]
    position = Position(x, loss, gradient)
    within = aim.within(position)
    of_targets = ~within if aim.last else never[len(ROWS) :] & within
    happened = tf.concat([tf.stack(happened), of_targets], axis=0)
    return position, Record(tf.where(improved, loss, record.best_loss), tf.where(happened, step, record.steps))


def _iterate(
    carry: Carry, advance: Callable[[Carry], Carry], shown: Tensor, schedule: Tensor, points: int
) -> tuple[Carry, Tensor, Tensor]:
    """Run to the end of the schedule, or until no run is left, and sample the runs at its steps.

    Each step writes the row of the next sample, and the last step to do so is the sample: a branch or a second loop
    costs more to compile than the writing costs to run.
    """

    def sample(position: Position) -> list[Tensor]:
        x, loss, gradient = position
        row = tf.concat([loss[:, tf.newaxis], x[:, :2], gradient], axis=1)
        return [row, tf.gather(x, shown)] if shown.shape[0] else [row]

    samples = [tf.TensorArray(row.dtype, points, element_shape=row.shape) for row in sample(carry.position)]

    # TensorFlow packs and unpacks nested loop variables a dozen times: a flat list is traced in half the time.
    def packed(flat: Sequence[Tensor]) -> Carry:
        nested: Carry = tf.nest.pack_sequence_as(carry, flat)
        return nested

    def is_running(index: Tensor, _: Any, *flat: Tensor) -> Tensor:
        now = packed(flat)
        return (index < points) & tf.reduce_any(running(now.record, now.step))

    def step(index: Tensor, samples: Any, *flat: Tensor) -> Any:
        due = tf.cast(tf.gather(schedule, index) == flat[0], tf.int32)
        new = advance(packed(flat))
        written = [array.write(index, row) for array, row in zip(samples, sample(new.position), strict=True)]
        return index + due, written, *tf.nest.flatten(new)

    _, samples, *last = tf.while_loop(is_running, step, (tf.constant(0), samples, *tf.nest.flatten(carry)))
    trace, *paths = [array.stack() for array in samples]
    empty = tf.zeros([points, 0, carry.position.x.shape[1]], carry.position.x.dtype)
    return packed(last), trace, paths[0] if paths else empty
