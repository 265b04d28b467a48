"""A rule, written for one run, applied to all runs of a program at once; its state is carried through the loop."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from reportgen.engine.evaluation import map_runs
from reportgen.engine.number import Number
from reportgen.engine.problem import Point, RunProblem, Setting
from reportgen.engine.trace_cache import Trace, TraceCache, Traced
from reportgen.tensor import Tensor

_cache = TraceCache()


class Inputs(NamedTuple):
    """What differs between the runs of a program."""

    x0: Tensor
    """[runs, dim] in the dtype of the runs"""
    learning_rate: Tensor
    """float64 [runs]"""
    key: tuple[Tensor, Tensor]
    """Keys of the random numbers, two uint32 [runs]."""
    seed: Tensor
    """Seeds of the runs, uint32 [runs]."""
    hyperparameters: Mapping[str, Tensor]
    """The numeric ones by name, float64 [runs], or [] if all runs share the value."""
    shown: Tensor
    """Indices of the runs whose whole positions are sampled, int32 [shown]."""
    state: Sequence[Tensor] = ()
    """What an object of another framework is after its first step, each [runs, ...], the position first."""


class Rule(Protocol):
    """A rule bound to the runs of a program, while their loop is traced."""

    @property
    def evaluations(self) -> int:
        """Gradient evaluations per step, known once ``step`` was traced."""

    def init(self) -> list[Tensor]:
        """Return the leaves of the state before the first step, each with the runs as first axis."""

    def step(self, points: Point, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the positions [runs, dim] and the state after one step.

        Args:
            points: the runs before the step; each tensor but ``step`` has the runs as first axis.
            state: the state before the step.
        """


BindRule = Callable[[Setting, Inputs], Rule]
"""Binds the rule of a program to its runs."""

MakeOptimizer = Callable[[Mapping[str, Any], Any], Any]
"""Makes an optimizer, for one run, from its numeric hyperparameters and its learning rate."""


class MappedRule:
    """The rule of an optimizer that is written for one run."""

    def __init__(
        self,
        make: MakeOptimizer,
        setting: Setting,
        inputs: Inputs,
        *,
        alone: bool = False,
        identity: Hashable | None = None,
    ) -> None:
        """Bind the rule to its runs.

        Args:
            make: makes the optimizer.
            setting: what all runs share.
            inputs: what differs between them.
            alone: whether there is only one run, and the rule sees its tensors themselves.
            identity: equal for rules that make the same optimizer. They are traced once in a process if their steps
                need no more of the loss than its value and gradient at the current position. None: always traced.
        """
        self.evaluations = 0
        self._make = make
        self._setting = setting
        self._map = call_alone if alone else map_runs
        self._identity = identity
        numeric = inputs.hyperparameters
        self._shared = {name: value for name, value in numeric.items() if not value.shape.rank}
        self._own = {
            "rate": inputs.learning_rate,
            # Not a constant: XLA must not see that it is zero.
            "zero": inputs.x0[:, 0] * 0,
            "hyperparameters": {name: value for name, value in numeric.items() if value.shape.rank},
        }
        self._x0 = inputs.x0
        self._structure: Any = ()

    def init(self) -> list[Tensor]:
        """Return the leaves of the state; Python numbers are carried in float64."""

        def trace(shared: Mapping[str, Any], runs: Mapping[str, Any]) -> Traced:
            structures = []

            def init(run: Mapping[str, Any]) -> list[Tensor]:
                optimizer, _ = self._optimizer(shared, run)
                state = optimizer.init(run["x"])
                structures.append(tf.nest.map_structure(_declared, state))
                return [_tensor(leaf) for leaf in tf.nest.flatten(state)]

            return Traced(list(self._map(init, runs)), structures[0])

        traced = self._trace("init", trace, {"hyperparameters": self._shared}, self._own | {"x": self._x0})
        self._structure = traced.fact
        return list(traced.outputs)

    def step(self, points: Point, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Apply ``step`` of the optimizer to each run."""

        def trace(shared: Mapping[str, Any], runs: Mapping[str, Any]) -> Traced:
            problems = []

            def step(run: Mapping[str, Any]) -> list[Tensor]:
                optimizer, rate = self._optimizer(shared, run)
                point = Point(run["x"], run["value"], run["gradient"], shared["step"], run["key"], run.get("rows"))
                problem = RunProblem(self._setting, point, rate, optimizer.schedule)
                problems.append(problem)
                leaves = [leaf.restored(value, rate) for leaf, value in zip(self._leaves, run["state"], strict=True)]
                result = optimizer.step(point.x, tf.nest.pack_sequence_as(self._structure, leaves), problem)
                x, new_state = _pair(result, point.x)
                return [tf.identity(x), *map(tf.identity, self._new_leaves(new_state))]

            outputs = list(self._map(step, runs))
            return Traced(outputs, problems[0].evaluations, problems[0].uses_loss)

        runs = {"x": points.x, "value": points.value, "gradient": points.gradient, "key": points.key, "state": state}
        runs |= {} if points.rows is None else {"rows": points.rows}
        shared = {"hyperparameters": self._shared, "step": points.step}
        traced = self._trace("step", trace, shared, self._own | runs)
        self.evaluations = traced.fact
        x, *leaves = traced.outputs
        return x, leaves

    def _trace(self, name: str, trace: Trace, shared: Mapping[str, Any], runs: Mapping[str, Any]) -> Traced:
        if self._identity is None:
            return trace(shared, runs)
        setting = (self._setting.steps, repr(self._setting.noise))
        return _cache.trace((name, self._identity, setting), trace, shared, runs)

    def _optimizer(self, shared: Mapping[str, Any], run: Mapping[str, Any]) -> tuple[Any, Number]:
        """The optimizer of one run, and its learning rate."""
        zero = run["zero"]
        numeric = {name: Number(value, zero, shared=True) for name, value in shared["hyperparameters"].items()}
        numeric |= {name: Number(value, zero) for name, value in run["hyperparameters"].items()}
        rate = Number(run["rate"], zero)
        return self._make(numeric, rate), rate

    @property
    def _leaves(self) -> list[_Leaf]:
        return list(tf.nest.flatten(self._structure))

    def _new_leaves(self, state: Any) -> list[Tensor]:
        try:
            tf.nest.assert_same_structure(self._structure, state)
        except (TypeError, ValueError) as error:
            raise TypeError(f"step returned a state of another structure than init: {error}") from None
        return [old.accepted(new) for old, new in zip(self._leaves, tf.nest.flatten(state), strict=True)]


def call_alone(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Apply a function of one run to the only run."""
    result = function(tf.nest.map_structure(lambda each: tf.squeeze(each, 0), inputs))
    return tf.nest.map_structure(lambda each: tf.expand_dims(each, 0), result)


@dataclass(frozen=True)
class _Leaf:
    """What a leaf of the state is in each step."""

    shape: tf.TensorShape
    dtype: tf.DType
    is_number: bool
    """Whether the rule sees a number, which is carried in float64."""

    def restored(self, value: Tensor, rate: Number) -> Any:
        """The leaf of one run as the rule sees it."""
        return Number(value, rate.like) if self.is_number else value

    def accepted(self, new: Any) -> Tensor:
        """The new value of the leaf; TypeError if its shape or dtype differs."""
        if self.is_number and isinstance(new, int | float | Number):
            return _tensor(new)
        tensor = new.to_tensor(self.dtype) if isinstance(new, Number) else tf.convert_to_tensor(new)
        if self.is_number and tensor.shape.rank == 0 and tensor.dtype.is_floating:
            return tf.cast(tensor, tf.float64)
        if tensor.shape != self.shape or tensor.dtype != self.dtype:
            raise TypeError(f"step returned {_describe(tensor)} in its state where init returned {_describe(self)}")
        return tensor


def _describe(leaf: Any) -> str:
    return f"a tensor of shape {leaf.shape} and dtype {leaf.dtype.name}"


def _declared(leaf: Any) -> _Leaf:
    """What a leaf that ``init`` returned is in each step."""
    if isinstance(leaf, bool | int | float | Number):
        return _Leaf(tf.TensorShape([]), tf.float64, True)
    tensor = tf.convert_to_tensor(leaf)
    return _Leaf(tensor.shape, tensor.dtype, False)


def _tensor(leaf: Any) -> Tensor:
    """A leaf as the loop carries it."""
    if isinstance(leaf, bool | int | float):
        return tf.constant(float(leaf), tf.float64)
    # tf.vectorized_map cannot return a tensor from outside.
    return tf.identity(leaf.value if isinstance(leaf, Number) else leaf)


def _pair(result: Any, x: Tensor) -> tuple[Tensor, Any]:
    """The new position and the new state that a step returned; TypeError if they are none."""
    is_pair = isinstance(result, tuple) and len(result) == 2
    new = result[0] if is_pair else result
    if is_pair and tf.is_tensor(new) and new.shape == x.shape and new.dtype == x.dtype:
        return new, result[1]
    found = f"shape {new.shape} and dtype {new.dtype.name}" if tf.is_tensor(new) and is_pair else type(result).__name__
    raise TypeError(
        f"step must return the new position and the new state, the position with shape {x.shape} and dtype "
        f"{x.dtype.name}: found {found}"
    )
