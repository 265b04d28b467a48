"""A class with ``apply_gradients`` as a rule: what it remembers is found by calling it, and carried by the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from reportgen.engine import batch
from reportgen.engine.batch import Scalar, Vector, read
from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.leaves import PYTHON_NUMBER, Path, changed, leaves, put, text
from reportgen.engine.lift.surroundings import Surroundings, forbidding_files
from reportgen.engine.lift.variable import Variable, variables_as_slots
from reportgen.engine.lift.views import View
from reportgen.foreign import ClassOptimizer

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
    """``init`` and ``step`` of a foreign class for one compiled loop.

    The class is made anew and called a few times on symbolic values, which are thrown away: what changes between two
    calls is its state. Where the first call is unlike the others (it builds slots), every step traces it too, and the
    first step takes its results.
    """

    def __init__(self, kind: type[ClassOptimizer], values: Mapping[str, Any], rate: Any, view: View) -> None:
        """``values`` and ``rate`` are Python's numbers, or Scalars of the batch."""
        self.schedule = values["schedule"]
        self._kind = kind
        self._arguments = arguments_of(values)
        self._rate = rate
        self._one = values["variables"] == "one"
        self._view = view
        self._found: dict[Path, Any] = {}
        self._first_differs = False
        # Under tf.function, what it assigns would belong to a graph of its own.
        method = kind.target.apply_gradients
        self._method = getattr(method, "python_function", method)

    def init(self, x: Vector) -> Any:
        """The state before the first step; what it consists of is found here."""
        self._variables = self._made_variables(x)
        self._object, fresh = self._discovered(x)
        self._first_differs = any(not self._promotable(path, fresh) for path in self._found) or _others_differ(
            fresh, self._object, self._found
        )
        return tuple(
            _zeros(self._view.carried(value)) if self._first_differs else self._started(fresh[path], value)
            for path, value in self._found.items()
        )

    def step(self, x: Vector, state: Any, problem: Any) -> tuple[Vector, Any]:
        """One call of apply_gradients."""
        _, gradient = problem.value_and_gradient(x)
        for path, value, like in zip(self._found, state, self._found.values(), strict=True):
            put(self._object, path, self._view.shown(value, like))
        new_x, new_state = self._called(self._object, x, gradient, problem)
        if not self._first_differs:
            return new_x, new_state
        first_x, first_state = self._called(self._made(), x, gradient, problem)
        first = problem.step == 1
        chosen = (_where(first, one, other) for one, other in zip(first_state, new_state, strict=True))
        return _where(first, first_x, new_x), tuple(chosen)

    def _made(self) -> Any:
        with variables_as_slots():
            return self._kind.target(**{self._kind.rate: self._rate}, **self._arguments)

    def _made_variables(self, x: Vector) -> list[Variable]:
        count = 1 if self._one else len(x)
        return [Variable(None) for _ in range(count)]

    def _split(self, value: Vector) -> list[Any]:
        if self._one:
            return [self._view.vector(value)]
        return [self._view.coordinate(value, index) for index in range(len(value))]

    def _apply(self, target: Any, x: Vector, gradient: Vector) -> Vector:
        for variable, value in zip(self._variables, self._split(x), strict=True):
            variable.held = value
        # A new object in every call, as a gradient is: what is kept of it is then seen to change.
        gradients = self._split(batch.unary(tf.identity, gradient))
        try:
            with variables_as_slots(), forbidding_files(self._kind.target):
                if self._kind.pairs:
                    self._method(target, list(zip(gradients, self._variables, strict=True)))
                else:
                    self._method(target, gradients, self._variables)
        except tf.errors.OperatorNotAllowedInGraphError as error:
            reason = "a tensor cannot steer Python's if, while, and, or, for: use tf.where, & and |"
            raise Unliftable(reason).with_traceback(error.__traceback__) from None
        return self._view.position([variable.held for variable in self._variables], x)

    def _called(self, target: Any, x: Vector, gradient: Vector, problem: Any) -> tuple[Vector, Any]:
        """The new position, and the new values of the state, of a call inside the loop."""
        if self.schedule != "constant":
            set_rate(target, self._kind.rate, self._view.number(problem.learning_rate))
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
        if value is None:
            raise Unliftable(f"attribute {text(path)} is None in some steps and a tensor in others: begin with zeros")
        try:
            return self._view.carried(value)
        except (TypeError, ValueError) as error:
            raise Unliftable(f"attribute {text(path)}: {error}") from error

    def _discovered(self, x: Vector) -> tuple[Any, dict[Path, Any]]:
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
            return self._view.number(Scalar(tf.constant(float(value), tf.float64), weak=True))
        return self._view.shown(Scalar(tf.constant(value)), value) if isinstance(value, bool) else value

    def _promotable(self, path: Path, fresh: Mapping[Path, Any]) -> bool:
        """Whether the value before the first call can be carried in the place of the later ones."""
        if path not in fresh:
            return False
        old, new = fresh[path], self._found[path]
        if isinstance(old, PYTHON_NUMBER) or isinstance(new, PYTHON_NUMBER):
            return isinstance(old, PYTHON_NUMBER)
        return (tf.is_tensor(old) or isinstance(old, Vector | Scalar)) and old.shape == new.shape

    def _started(self, old: Any, later: Any) -> Any:
        """``old`` in the kind of ``later``: a number fills the vector that takes its place."""
        like = read(later)
        if isinstance(like, PYTHON_NUMBER):
            return self._view.carried(old)
        if isinstance(like, Vector | Scalar) and not getattr(like, "weak", False):
            return batch.elementwise(lambda a, b: tf.zeros_like(a) + tf.cast(b, a.dtype), (like, old))
        return self._view.carried(old if like.shape == getattr(old, "shape", ()) else tf.zeros_like(like) + old)


def _zeros(value: Any) -> Any:
    if isinstance(value, Vector | Scalar):
        return batch.unary(tf.zeros_like, value)
    return type(value)(0) if isinstance(value, PYTHON_NUMBER) else tf.zeros_like(value)


def _where(first: Any, one: Any, other: Any) -> Any:
    return batch.elementwise(tf.where, (first, one, other))


def _others_differ(fresh: Mapping[Path, Any], target: Any, found: Mapping[Path, Any]) -> bool:
    """Whether anything that is not carried was set by the first call, such as a flag."""
    later = {path: value for path, value in leaves(target).items() if path not in found}
    return any(path not in fresh for path in later) or bool(changed(dict(fresh), later))
