"""Imports the file or module that a plug-in reference such as ``my_opt.py:Lookahead`` names."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from reportgen.catalogue.errors import BrokenPlugin, UnknownName, and_nearest, nearest
from reportgen.catalogue.stand_in import tensorflow_on_first_use

_one_at_a_time = threading.RLock()
"""Programs run side by side, and a plug-in that one thread is importing is not ready for another."""


def load(ref: str, kind: str, base: Path) -> ModuleType:
    """The module before the colon of ``ref``; a file is looked for relative to ``base``.

    Raises:
        UnknownName: there is no such file or module.
        BrokenPlugin: importing it raised.
    """
    where = ref.rpartition(":")[0]
    if where.endswith(".py"):
        path = base / where
        if not path.is_file():
            files = [file.name for file in base.glob("*.py")]
            reason = and_nearest(f"there is no file {where} in {base.name or base}", where, files)
            raise UnknownName(ref, kind, nearest(where, files), reason)
        return _load_file(ref, path)
    return _load_module(ref, kind, where)


def _load_module(ref: str, kind: str, name: str) -> ModuleType:
    try:
        with tensorflow_on_first_use():
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise UnknownName(ref, kind, None, f"there is no module {name}") from None
        raise BrokenPlugin(ref, _one_line(error, None)) from error


def _load_file(ref: str, path: Path) -> ModuleType:
    path = path.resolve()
    try:
        # The content is part of the name: an edited file is loaded anew, and an unchanged one only once.
        digest = hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()
        name = f"reportgen_plugin_{path.stem}_{digest[:16]}"
        with _one_at_a_time:
            return sys.modules[name] if name in sys.modules else _execute(name, path)
    except (Exception, SystemExit) as error:
        raise BrokenPlugin(ref, _one_line(error, path)) from error


def _execute(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up here
    try:
        with tensorflow_on_first_use(), _neighbours_importable(path.parent):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _neighbours_importable(folder: Path) -> Iterator[None]:
    """A plug-in may import the modules beside it; they come last, and hide nothing that is installed."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _one_line(error: BaseException, path: Path | None) -> str:
    """Type, message and place: ``ZeroDivisionError: division by zero (my_opt.py:3)``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename).name}:{error.lineno})"
    message = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if path is not None and frame.filename == str(path)]
    place = (own or frames)[-1]
    said = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{said} ({Path(place.filename).name}:{place.lineno})"
