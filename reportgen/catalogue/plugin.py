"""Imports the file or module that a plug-in reference such as ``my_opt.py:Lookahead`` names."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from reportgen.catalogue.errors import BrokenPluginError, UnknownNameError, nearest_name, with_suggestion
from reportgen.catalogue.lazy_tensorflow import tensorflow_on_first_use

_one_at_a_time = threading.RLock()
"""Programs run side by side, and a plug-in that one thread is importing is not ready for another."""


@dataclass(frozen=True)
class Plugin:
    """A plug-in file that was imported, with what it imported from its own folder."""

    module: ModuleType
    neighbours: dict[str, Path | None]
    """Files by the name under which they were imported; None: a folder without ``__init__.py``."""
    digest: str
    """The content of the neighbours when they were imported."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The neighbours' files, each once, in an order that does not depend on that of the imports."""
        return tuple(sorted({file for file in self.neighbours.values() if file is not None}))


_plugins: dict[str, Plugin] = {}


def plugins() -> Iterable[Plugin]:
    """The plug-in files that were imported so far."""
    return tuple(_plugins.values())


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
            reason = with_suggestion(f"there is no file {where} in {base.name or base}", where, files)
            raise UnknownNameError(ref, kind, nearest_name(where, files), reason)
        return _load_file(ref, path)
    return _load_module(ref, kind, where)


def _load_module(ref: str, kind: str, name: str) -> ModuleType:
    try:
        with _one_at_a_time, tensorflow_on_first_use(), redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise UnknownNameError(ref, kind, None, f"there is no module {name}") from None
        raise BrokenPluginError(ref, _one_line(error, None)) from error


def _load_file(ref: str, path: Path) -> ModuleType:
    path = path.resolve()
    try:
        # The content is part of the name: an edited file is loaded anew, and an unchanged one only once.
        digest = hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()
        name = f"reportgen_plugin_{path.stem}_{digest[:16]}"
        with _one_at_a_time:
            known = _plugins.get(name)
            if known is None or known.digest != _digest(known.files):
                known = _plugins[name] = _execute(name, path)
            return known.module
    except (Exception, SystemExit) as error:
        raise BrokenPluginError(ref, _one_line(error, path)) from error


def _execute(name: str, path: Path) -> Plugin:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up here
    try:
        with tensorflow_on_first_use(), _neighbours_importable(path.parent) as neighbours, redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    plugin = Plugin(module, neighbours, "")
    return replace(plugin, digest=_digest(plugin.files))


@contextmanager
def _neighbours_importable(folder: Path) -> Iterator[dict[str, Path | None]]:
    """A plug-in may import the modules beside it; they come last, and hide nothing that is installed.

    Afterwards they are forgotten, as a plug-in in another folder may have neighbours of the same names; what the block
    is given tells them then.
    """
    before = set(sys.modules)
    neighbours: dict[str, Path | None] = {}
    sys.path.append(str(folder))
    try:
        yield neighbours
    finally:
        sys.path.remove(str(folder))
        for name in _found_in(folder, set(sys.modules) - before):
            file = vars(sys.modules.pop(name)).get("__file__")
            neighbours[name] = Path(file) if file else None


def _found_in(folder: Path, names: set[str]) -> list[str]:
    """Those modules that stand directly in ``folder``, and what is in them; an environment below it is not meant."""
    top = {name for name in names if "." not in name and _home(sys.modules[name]) == folder}
    return [name for name in names if name.partition(".")[0] in top]


def _home(module: object) -> Path | None:
    """The folder in which a module or package of the top level stands."""
    # Looking at an attribute would import TensorFlow where the module is the stand-in for it.
    facts = vars(module) if isinstance(module, ModuleType) else {}
    places = [*(facts.get("__path__") or ()), facts.get("__file__")]
    return Path(places[0]).parent.resolve() if places[0] else None


def _digest(files: Iterable[Path]) -> str:
    """What the files hold; one that is gone counts as changed."""
    contents = (file.read_bytes() if file.is_file() else b"" for file in files)
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


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
