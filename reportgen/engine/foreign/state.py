"""The state of an optimizer object: the variables that it created, and the attributes that change."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.foreign.errors import NotCompilable
from reportgen.engine.number import Number

Path = tuple[Any, ...]
"""Where an attribute is: names, indices and keys."""

_NUMBER = (bool, int, float, np.generic)
_LIBRARIES = ("builtins", "tensorflow", "keras", "numpy", "functools", "itertools", "random", "threading", "logging")


@dataclass
class OwnObject:
    """An optimizer object with all variables that it created, in the order of creation."""

    optimizer: Any
    variables: list[tf.Variable] = field(default_factory=list)

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Within this block every new variable is recorded."""

        def record(create: Any, **arguments: Any) -> tf.Variable:
            variable = create(**arguments)
            self.variables.append(variable)
            return variable

        with tf.variable_creator_scope(record):
            yield


@dataclass(frozen=True)
class Layout:
    """Which attributes are state, besides the variables."""

    attributes: tuple[Path, ...]

    def read(self, own: OwnObject) -> list[Any]:
        """Return the state as the loop carries it: variables first, Python numbers as float64."""
        leaves = attributes(own.optimizer)
        carried = [carried_value(leaves.get(path), path) for path in self.attributes]
        return [*(variable.read_value() for variable in own.variables), *carried]

    def write(self, own: OwnObject, state: Sequence[Any], like: tf.Tensor) -> None:
        """Put a state into an object; numbers become ``Number`` with the zero ``like`` of the run."""
        for variable, value in zip(own.variables, state, strict=False):
            variable.assign(value)
        leaves = attributes(own.optimizer)
        for path, value in zip(self.attributes, state[len(own.variables) :], strict=True):
            _put(own.optimizer, path, Number(value, like) if is_number(leaves[path]) else value)


def changing(states: Sequence[Mapping[Path, Any]]) -> tuple[Path, ...]:
    """The paths whose values differ between some of the ``states``, each made by ``attributes``.

    Raises:
        NotCompilable: an attribute comes or goes, or is none of those that a compiled loop can carry.
    """
    first, found = states[0], []
    for path in dict.fromkeys(path for state in states for path in state):
        missing = [path not in state for state in states]
        if any(missing):
            raise NotCompilable(f"attribute {text(path)} exists after some steps and not after others")
        if any(not _equal(first[path], state[path]) for state in states[1:]):
            found.append(path)
            for state in states:
                carried_value(state[path], path)
    return tuple(found)


def attributes(optimizer: Any) -> dict[Path, Any]:
    """Every value in the attributes, lists, tuples, dicts and own objects of an optimizer, by its path.

    Variables are left out, since they are known, and so are the insides of objects of libraries.
    """
    return dict(_walk(optimizer, (), {id(optimizer)}, depth=0))


def _walk(value: Any, path: Path, seen: set[int], depth: int) -> Iterator[tuple[Path, Any]]:
    for key, inner in _members(value, depth):
        # A variable of Keras is no tf.Variable, but holds one.
        if hasattr(inner, "assign") or _is_library_object(inner):
            continue
        if _is_leaf(inner):
            yield (*path, key), inner.copy() if isinstance(inner, np.ndarray) else inner
        elif id(inner) not in seen:  # one object is in one place, however many refer to it
            seen.add(id(inner))
            yield from _walk(inner, (*path, key), seen, depth + 1)


def _is_leaf(value: Any) -> bool:
    return (
        is_number(value)
        or tf.is_tensor(value)
        or isinstance(value, np.ndarray | str | bytes | type(None) | type)
        or (callable(value) and not hasattr(value, "__dict__"))
    )


def is_number(value: Any) -> bool:
    """Whether a value is carried as a number in float64."""
    return isinstance(value, (*_NUMBER, Number))


def _is_library_object(value: Any) -> bool:
    if isinstance(value, list | tuple | dict | deque) or _is_leaf(value):
        return False
    return callable(value) or type(value).__module__.partition(".")[0] in _LIBRARIES


def _members(value: Any, depth: int) -> list[tuple[Any, Any]]:
    if isinstance(value, list | tuple | deque):
        return list(enumerate(value))
    if isinstance(value, dict):
        return list(value.items())
    known = vars(tf.Module()) if isinstance(value, tf.Module) and not depth else {}
    return [(name, inner) for name, inner in vars(value).items() if name not in known and not _internal(name)]


def _internal(name: Any) -> bool:
    """Whether Keras or TensorFlow keeps its bookkeeping in an attribute."""
    return str(name).startswith(("_self_", "_obj_reference", "_tracker", "_trainable_variables", "_variables"))


def text(path: Path) -> str:
    """The path as its author would write it: ``slots['m'][0]``."""
    parts = (f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for key in path)
    return "".join(parts).removeprefix(".")


def carried_value(value: Any, path: Path) -> Any:
    """A value of an attribute as the loop carries it; NotCompilable if it cannot."""
    if isinstance(value, Number):
        return value.value
    if is_number(value):
        return tf.constant(float(value), tf.float64)
    if tf.is_tensor(value) or isinstance(value, np.ndarray):
        return tf.convert_to_tensor(value)
    raise NotCompilable(f"attribute {text(path)} changes and is {type(value).__name__}, not a number or a tensor")


def _equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if tf.is_tensor(one) and tf.is_tensor(other):
        one, other = (each.numpy() if hasattr(each, "numpy") else each for each in (one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    return type(one) is type(other) and (repr(one) == repr(other))


def _put(root: Any, path: Path, new: Any) -> None:
    """Replace the value at a path."""
    _replaced(root, path, new)


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, tuple):
        value = getattr(value, "__wrapped__", value)  # tf.Module keeps tuples in a wrapper of its own
        items = [_replaced(item, rest, new) if index == head else item for index, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list | deque | dict):
        value[head] = _replaced(value[head], rest, new)
        return value
    inner = vars(value)[head]
    replaced = _replaced(inner, rest, new)
    if replaced is not inner:
        setattr(value, head, replaced)
    return value
