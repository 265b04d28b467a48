"""What a class could remember or do outside of its object, where the compiled loop would not see it."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from reportgen.engine.lift.errors import Unliftable
from reportgen.foreign import own_classes

_DEPTH = 3


class Surroundings:
    """The variables around a class that its code names, as they are when this is made."""

    def __init__(self, kind: type) -> None:
        """Raises Unliftable where one of them is a tf.Variable, which all runs would share."""
        self._kind = kind
        self._before = {name: _frozen(value) for name, value in _named(kind).items()}
        for name, value in _named(kind).items():
            if isinstance(value, tf.Variable):
                raise Unliftable(f"{name} is a tf.Variable that all runs would share: make it in __init__")

    def require_unchanged(self) -> None:
        """Unliftable where one of them has changed."""
        for name, value in _named(self._kind).items():
            if name in self._before and self._before[name] != _frozen(value):
                raise Unliftable(
                    f"{name} changes when apply_gradients is called, and would be frozen in the compiled loop: "
                    f"keep it as an attribute of {self._kind.__name__}, self.{name.rpartition(' ')[2]}"
                )


def _named(kind: type) -> dict[str, Any]:
    """The variables of its modules, classes and closures, by what they are called."""
    found: dict[str, Any] = {}
    for each in own_classes(kind):
        methods = [value for value in vars(each).values() if isinstance(value, types.FunctionType)]
        names = {name for method in methods for name in _names(method.__code__)}
        module = vars(sys.modules[each.__module__]) if each.__module__ in sys.modules else {}
        found |= {f"the module variable {name}": module[name] for name in sorted(names & module.keys())}
        found |= {f"the class variable {name}": value for name, value in vars(each).items()}
        for method in methods:
            found[f"a default argument of {method.__name__}"] = [method.__defaults__, method.__kwdefaults__]
            cells = zip(method.__code__.co_freevars, method.__closure__ or (), strict=True)
            found |= {f"the closure variable {name}": cell.cell_contents for name, cell in cells}
    return found


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _frozen(value: Any, depth: int = _DEPTH) -> Any:
    """Something that compares unequal once ``value`` has changed; of what cannot be compared, which object it is."""
    if isinstance(value, bool | int | float | str | bytes | type(None)):
        return value
    if depth and isinstance(value, list | tuple | set):
        return [_frozen(item, depth - 1) for item in value]
    if depth and isinstance(value, dict):
        return [(repr(key), _frozen(item, depth - 1)) for key, item in value.items()]
    if type(value).__module__ in ("itertools", "collections"):
        return repr(value)
    return id(value)


_watched = threading.local()


@contextmanager
def forbidding_files(kind: type) -> Iterator[None]:
    """Within this block the code of ``kind`` cannot open files or connections: it would do so once."""
    _watched.file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    try:
        yield
    finally:
        _watched.file = None


def _forbid(event: str, _: Any) -> None:
    if event not in ("open", "socket.connect", "subprocess.Popen", "os.system"):
        return
    watched = getattr(_watched, "file", None)
    if watched and sys._getframe(1).f_code.co_filename == watched:
        raise Unliftable("apply_gradients opens a file, process or connection, which the compiled loop cannot do")


sys.addaudithook(_forbid)
