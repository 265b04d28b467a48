"""A class with ``apply_gradients`` as a rule: what it remembers is found by calling it, and carried by the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.leaves import PYTHON_NUMBER, Path, changed, leaves, put, text
from reportgen.engine.lift.surroundings import Surroundings, forbidding_files
from reportgen.engine.lift.variable import Variable, read, variables_as_stand_ins
from reportgen.engine.number import CONTROL_FLOW, Number
from reportgen.foreign import ClassOptimizer
from reportgen.tensor import Tensor

_NUMBER = (*PYTHON_NUMBER, Number)

_CALLS = 6
"""Calls within which the set of values that change must be complete."""


def arguments_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``__init__`` is given besides the learning rate."""
    return {name: value for name, value in values.items() if name not in ("schedule", "variables")}


def set_rate(target: Any, name: str, rate: Any) -> None:
    """Give the object another learning rate, as a schedule does; Unliftable where it takes none."""
    if not hasattr(target, name):
        raise Unliftable(f"a schedule needs an attribute {name}, and {type(target).__name__} has none")
    held = getattr(target, name)
    try:
        held.assign(rate) if hasattr(held, "assign") else setattr(target, name, rate)
    except AttributeError as error:
        raise Unliftable(f"a schedule needs an attribute {name} that can be set: {error}") from error


class LiftedRule:
    """``init`` and ``step`` of a foreign class for one run.

    The class is made anew and called a few times on symbolic values, which are thrown away: what changes between two
    calls is its state. Where the first call is unlike the others (it builds slots), every step traces it too, and the
    first step takes its results.
    """

    def __init__(self, kind: type[ClassOptimizer], values: Mapping[str, Any], rate: Any, like: Tensor) -> None:
        """``values`` and ``rate`` are Python's numbers or Numbers; ``like`` is a zero of the run, shape []."""
        self.schedule = values["schedule"]
        self._kind = kind
        self._arguments = arguments_of(values)
        self._rate = rate
        self._one = values["variables"] == "one"
        self._like = like
        self._found: dict[Path, Any] = {}
        self._first_differs = False
        # Under tf.function, what it assigns would belong to a graph of its own.
        method = kind.target.apply_gradients
        self._method = getattr(method, "python_function", method)

    def init(self, x: Tensor) -> Any:
        """The state before the first step; what it consists of is found here."""
        fresh = self._discover(x)
        return tuple(
            _zeros(self._carried(value, path)) if self._first_differs else _started(fresh[path], value)
            for path, value in self._found.items()
        )

    def step(self, x: Tensor, state: Any, problem: Any) -> tuple[Tensor, Any]:
        """One call of apply_gradients."""
        # Found again, because what ``init`` has traced belongs to another graph.
        self._discover(x)
        _, gradient = problem.value_and_gradient(x)
        for path, value in zip(self._found, state, strict=True):
            put(self._object, path, value)
        new_x, new_state = self._called(self._object, x, gradient, problem)
        if not self._first_differs:
            return new_x, new_state
        first_x, first_state = self._called(self._made(), x, gradient, problem)
        first = problem.step == 1
        chosen = (self._where(first, one, other) for one, other in zip(first_state, new_state, strict=True))
        return tf.where(first, first_x, new_x), tuple(chosen)

    def _where(self, first: Tensor, one: Any, other: Any) -> Any:
        if not isinstance(one, _NUMBER) and not isinstance(other, _NUMBER):
            return tf.where(first, one, other)
        values = (each.value if isinstance(each, Number) else tf.cast(each, tf.float64) for each in (one, other))
        return Number(tf.where(first, *values), self._like)

    def _made(self) -> Any:
        with variables_as_stand_ins():
            return self._kind.target(**{self._kind.rate: self._rate}, **self._arguments)

    def _split(self, value: Tensor) -> list[Any]:
        return [value] if self._one else tf.unstack(value)

    def _apply(self, target: Any, x: Tensor, gradient: Tensor) -> Tensor:
        for variable, value in zip(self._variables, self._split(x), strict=True):
            variable.held = value
        # A new object in every call, as a gradient is: what is kept of it is then seen to change.
        gradients = self._split(tf.identity(gradient))
        try:
            with variables_as_stand_ins(), forbidding_files(self._kind.target):
                if self._kind.pairs:
                    self._method(target, list(zip(gradients, self._variables, strict=True)))
                else:
                    self._method(target, gradients, self._variables)
        except tf.errors.OperatorNotAllowedInGraphError as error:
            raise Unliftable(CONTROL_FLOW).with_traceback(error.__traceback__) from None
        held = [variable.held for variable in self._variables]
        return held[0] if self._one else tf.stack(held)

    def _called(self, target: Any, x: Tensor, gradient: Tensor, problem: Any) -> tuple[Tensor, Any]:
        """The new position, and the new values of the state, of a call inside the loop."""
        if self.schedule != "constant":
            set_rate(target, self._kind.rate, problem.learning_rate)
        before = leaves(target)
        new_x = self._apply(target, x, gradient)
        after = leaves(target)
        missed = [path for path in changed(before, after) if path not in self._found]
        if missed and target is self._object:
            raise Unliftable(
                f"attribute {text(missed[0])} changes in a way that was not seen when it was called before"
            )
        return new_x, tuple(self._carried(after[path], path) for path in self._found)

    def _carried(self, value: Any, path: Path) -> Any:
        """A value of the state as the loop carries it."""
        if value is None:
            raise Unliftable(f"attribute {text(path)} is None in some steps and a tensor in others: begin with zeros")
        try:
            value = read(value)
            if isinstance(value, Number) or (isinstance(value, PYTHON_NUMBER) and not isinstance(value, bool)):
                return value
            return tf.convert_to_tensor(value)
        except (TypeError, ValueError) as error:
            raise Unliftable(f"attribute {text(path)}: {error}") from error

    def _discover(self, x: Tensor) -> dict[Path, Any]:
        """Find what the object remembers, and return its values before the first call.

        Afterwards ``_object`` has been called some times, ``_found`` holds what changes, and ``_first_differs`` is
        whether the first call was unlike the others.
        """
        self._variables = [Variable(None) for _ in range(1 if self._one else x.shape[0])]
        self._found = {}
        self._object, fresh = self._called_repeatedly(x)
        self._first_differs = any(not self._promotable(path, fresh) for path in self._found) or _others_differ(
            fresh, self._object, self._found
        )
        return fresh

    def _called_repeatedly(self, x: Tensor) -> tuple[Any, dict[Path, Any]]:
        """The object after some calls, and its values before the first; fills ``_found`` with what changes."""
        target = self._made()
        fresh = leaves(target)
        self._apply(target, x, x)
        # What the first call sets once and for all, such as a cache, is no state.
        surroundings = Surroundings(self._kind.target)
        before = leaves(target)
        for _ in range(_CALLS):
            self._apply(target, x, x)
            after = leaves(target)
            self._require_same_places(before, after)
            surroundings.require_unchanged()
            new = [path for path in changed(before, after) if path not in self._found]
            self._found |= {path: after[path] for path in new}
            if not new:
                return target, fresh
            for path in self._found:
                put(target, path, self._symbolic(after[path], path))
            before = leaves(target)
        raise Unliftable(f"attribute {text(new[0])} changes only now and then: its state could not be found")

    def _require_same_places(self, before: dict[Path, Any], after: dict[Path, Any]) -> None:
        stray = next((path for path in [*after, *before] if (path in before) != (path in after)), None)
        if stray is not None:
            raise Unliftable(
                f"attribute {text(stray)} comes or goes with every step, as in a list that grows: what the compiled "
                "loop carries has one shape, so keep a fixed number of values"
            )

    def _symbolic(self, value: Any, path: Path) -> Any:
        """The value as the loop will give it, so that Python can no longer look at it."""
        if isinstance(value, str | bytes) or value is None:
            raise Unliftable(f"attribute {text(path)} is a text that changes from step to step: it cannot be carried")
        if isinstance(value, PYTHON_NUMBER) and not isinstance(value, bool):
            return Number(tf.constant(float(value), tf.float64), self._like)
        return tf.constant(value) if isinstance(value, bool) else value

    def _promotable(self, path: Path, fresh: Mapping[Path, Any]) -> bool:
        """Whether the value before the first call can be carried in the place of the later ones."""
        if path not in fresh:
            return False
        old, new = fresh[path], self._found[path]
        if isinstance(old, _NUMBER) or isinstance(new, _NUMBER):
            return isinstance(old, _NUMBER)
        return bool(tf.is_tensor(old)) and bool(old.shape == new.shape)


def _started(old: Any, later: Any) -> Any:
    """``old`` in the kind of ``later``: a number fills the vector that takes its place."""
    if isinstance(later, bool):
        return tf.constant(old)
    if isinstance(later, _NUMBER):
        return old
    return old if tf.is_tensor(old) else tf.zeros_like(later) + old


def _zeros(value: Any) -> Any:
    if isinstance(value, _NUMBER):
        return 0.0
    return tf.zeros_like(value)


def _others_differ(fresh: Mapping[Path, Any], target: Any, found: Mapping[Path, Any]) -> bool:
    """Whether anything that is not carried was set by the first call, such as a flag."""
    later = {path: value for path, value in leaves(target).items() if path not in found}
    return any(path not in fresh for path in later) or bool(changed(dict(fresh), later))
