"""All that an object remembers: the values in its attributes, lists, dicts and inner objects, by where they are."""

from __future__ import annotations

import logging
import threading
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.lift.errors import Unliftable
from reportgen.engine.lift.variable import Reference, Variable
from reportgen.engine.number import Number

Path = tuple[Any, ...]
"""The way to a value: names of attributes, indices and keys."""

_FIXED = (
    str,
    bytes,
    type(None),
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    np.dtype,
    tf.DType,
    tf.TensorShape,
    frozenset,
    range,
    logging.Logger,
    threading.local,
    Reference,
)
_OF_MODULES = frozenset(vars(tf.Module()))
"""What TensorFlow itself keeps in every tf.Module."""

PYTHON_NUMBER = (bool, int, float)


def leaves(root: Any) -> dict[Path, Any]:
    """Every value that ``root`` holds, by its path; Unliftable where something cannot be looked into."""
    return dict(_walk(root, (), set()))


def _walk(value: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Variable):
        yield path, value.held
    elif isinstance(value, np.ndarray):
        yield path, value.copy()  # it may be changed in place
    elif _is_leaf(value):
        yield path, value
    elif id(value) not in seen:  # one object is in one place, however many refer to it
        seen.add(id(value))
        for key, inner in _members(value, path):
            yield from _walk(inner, (*path, key), seen)


def _is_leaf(value: Any) -> bool:
    symbolic = isinstance(value, Number) or tf.is_tensor(value)
    return symbolic or isinstance(value, (*PYTHON_NUMBER, np.ndarray, np.generic, *_FIXED))


def _members(value: Any, path: Path) -> list[tuple[Any, Any]]:
    if isinstance(value, list | tuple | deque):
        return list(enumerate(value))
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, set):
        return [("members", repr(sorted(map(repr, value))))]
    attributes = getattr(value, "__dict__", None)
    if attributes is None:
        raise Unliftable(
            f"attribute {text(path)} is {_article(type(value).__name__)}, whose state cannot be carried from step to "
            "step: keep numbers and tensors, in attributes, lists and dicts"
        )
    return [(name, inner) for name, inner in attributes.items() if name not in _OF_MODULES and not _internal(name)]


def _internal(name: str) -> bool:
    return name.startswith(("_self_", "_obj_reference"))


def text(path: Path) -> str:
    """The path as its author would write it: ``slots['m'][0]``."""
    said = ""
    for key in path:
        said += f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
    return said.removeprefix(".")


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def changed(before: dict[Path, Any], after: dict[Path, Any]) -> list[Path]:
    """The paths whose value is another one, in order; a path that is only in one of them is not told."""
    return [path for path in after if path in before and not _same(before[path], after[path])]


def _same(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return before.shape == after.shape and bool(np.array_equal(before, after))
    plain = (*PYTHON_NUMBER, np.generic, str, bytes, tf.DType, tf.TensorShape, np.dtype, frozenset, range)
    return type(before) is type(after) and isinstance(before, plain) and bool(before == after)


def put(root: Any, path: Path, new: Any) -> None:
    """Replace the value at ``path``; a variable goes on being the same variable, and holds it."""
    _replaced(root, path, new)


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        if not isinstance(value, Variable):
            return new
        value.held = new
        return value
    head, rest = path[0], path[1:]
    if isinstance(value, tuple):
        value = getattr(value, "__wrapped__", value)  # tf.Module keeps tuples in a wrapper of its own
        items = [_replaced(item, rest, new) if index == head else item for index, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list | deque | dict):
        value[head] = _replaced(value[head], rest, new)
    else:
        inner = vars(value)[head]
        put_back = _replaced(inner, rest, new)
        if put_back is not inner:
            setattr(value, head, put_back)
    return value
