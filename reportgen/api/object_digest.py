"""A digest of the code of an object that may exist only in memory, such as a class that is defined in a notebook."""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def object_digest(item: object) -> str:
    """Return a SHA-256, in hexadecimal, of the code and the values that ``item`` consists of.

    Functions and classes of the main module are followed into everything that they use of it. Of other modules, the
    contents of the file count.

    Args:
        item: a function, a class or an instance.
    """
    digest = hashlib.sha256()
    for part in _parts(item, {}):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(item: object, seen: dict[int, object]) -> Iterator[bytes]:
    if isinstance(item, types.ModuleType):
        yield item.__name__.encode()
    elif isinstance(item, bool | int | float | complex | str | bytes | None):
        yield repr(item).encode()
    elif id(item) not in seen:
        seen[id(item)] = item  # held, so that no other object gets the same id
        yield from _compound_parts(item, seen)


def _compound_parts(item: Any, seen: dict[int, object]) -> Iterator[bytes]:
    if isinstance(item, types.FunctionType | type):
        file = _file_of(item)
        if file:
            yield f"{item.__module__}.{item.__qualname__}".encode() + file.read_bytes()
        elif isinstance(item, type):
            yield from _class_parts(item, seen)
        else:
            yield from _function_parts(item, seen)
    elif isinstance(item, types.CodeType):
        yield item.co_code + repr((item.co_names, item.co_varnames)).encode()
        for constant in item.co_consts:
            yield from _parts(constant, seen)
    elif isinstance(item, list | tuple):
        for element in item:
            yield from _parts(element, seen)
    elif isinstance(item, set | frozenset):
        yield repr(sorted(map(repr, item))).encode()
    elif isinstance(item, dict):
        for key, value in item.items():
            yield from _parts(key, seen)
            yield from _parts(value, seen)
    elif hasattr(item, "tobytes"):  # an array
        yield item.tobytes()
    else:
        yield from _parts(type(item), seen)
        yield from _parts(vars(item) if hasattr(item, "__dict__") else repr(item), seen)


def _function_parts(function: types.FunctionType, seen: dict[int, object]) -> Iterator[bytes]:
    names = set(_global_names(function.__code__))
    used = [function.__globals__[name] for name in sorted(names) if name in function.__globals__]
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    for part in (function.__code__, function.__defaults__, function.__kwdefaults__, used, cells):
        yield from _parts(part, seen)


def _class_parts(kind: type, seen: dict[int, object]) -> Iterator[bytes]:
    yield kind.__qualname__.encode()
    for base in kind.__bases__:
        yield from _parts(base, seen)
    for name, member in sorted(vars(kind).items()):
        if not name.startswith("__") or isinstance(member, types.FunctionType):
            yield name.encode()
            yield from _parts(getattr(member, "__func__", member), seen)


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _file_of(item: types.FunctionType | type) -> Path | None:
    """The file of a function or class, unless it belongs to the main module."""
    if item.__module__ in ("__main__", "__mp_main__"):
        return None
    try:
        file = Path(inspect.getfile(item))
    except (TypeError, OSError):  # it is built in, or its module has no file
        return None
    return file if file.is_file() else None
