"""Imports the file or module of a plug-in reference such as ``my_opt.py:Lookahead``."""

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
from reportgen.regular_files import SOURCE_LIMIT, read_bytes

_import_lock = threading.RLock()
"""Programs run in parallel, and a thread must not see a plug-in that another thread is still importing."""


@dataclass(frozen=True)
class Plugin:
    """An imported plug-in file, with the modules that it imports from its own folder (its neighbours)."""

    module: ModuleType
    neighbours: dict[str, Path | None]
    """The file of each neighbour by module name; None for a folder without ``__init__.py``."""
    digest: str
    """SHA-256 of the contents of the neighbours at import, in hexadecimal."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the neighbours, sorted and without duplicates."""
        return tuple(sorted({file for file in self.neighbours.values() if file is not None}))


_plugins: dict[str, Plugin] = {}


def plugins() -> Iterable[Plugin]:
    """Return all plug-in files imported so far."""
    return tuple(_plugins.values())


def load(ref: str, kind: str, base: Path) -> ModuleType:
    """Import and return the module before the colon of ``ref``.

    Args:
        ref: ``file.py:name`` or ``package.module:name``.
        kind: ``loss`` or ``optimizer``, for error messages.
        base: the folder that a file is relative to.

    Raises:
        UnknownNameError: there is no such file or module.
        BrokenPluginError: importing it raises an exception.
    """
    source = ref.rpartition(":")[0]
    if source.endswith(".py"):
        path = base / source
        if not path.exists():
            files = [file.name for file in base.glob("*.py")]
            reason = with_suggestion(f'no file is called "{source}" in {base.name or base}', source, files)
            raise UnknownNameError(ref, kind, nearest_name(source, files), reason)
        return _load_file(ref, path)
    return _load_module(ref, kind, source)


def _load_module(ref: str, kind: str, name: str) -> ModuleType:
    try:
        with _import_lock, tensorflow_on_first_use(), redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except BaseException as error:  # whatever a plug-in raises
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise UnknownNameError(ref, kind, None, f'no module is called "{name}"') from None
        raise BrokenPluginError(ref, _error_line(error, None)) from error


def _load_file(ref: str, path: Path) -> ModuleType:
    path = path.resolve()
    try:
        content = read_bytes(path, SOURCE_LIMIT)
    except OSError as error:
        raise BrokenPluginError(ref, error.strerror or str(error)) from error
    try:
        # The name contains a hash of the content: an edited file is imported again, an unchanged one only once.
        digest = hashlib.sha256(str(path).encode() + content).hexdigest()
        name = f"reportgen_plugin_{path.stem}_{digest[:16]}"
        with _import_lock:
            known = _plugins.get(name)
            if known is None or known.digest != _digest(known.files):
                known = _plugins[name] = _execute(name, path)
            return known.module
    except BaseException as error:  # whatever a plug-in raises
        raise BrokenPluginError(ref, _error_line(error, path)) from error


def _execute(name: str, path: Path) -> Plugin:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look up the module of a class there
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
    """Let a plug-in import the modules in its folder, after all installed ones.

    On exit the neighbours are removed from ``sys.modules``, since a plug-in in another folder may have neighbours of
    the same names. The yielded dict then holds their files.
    """
    before = set(sys.modules)
    neighbours: dict[str, Path | None] = {}
    sys.path.append(str(folder))
    try:
        yield neighbours
    finally:
        sys.path.remove(str(folder))
        for name in _modules_in(folder, set(sys.modules) - before):
            file = vars(sys.modules.pop(name)).get("__file__")
            neighbours[name] = Path(file) if file else None


def _modules_in(folder: Path, names: set[str]) -> list[str]:
    """The modules directly in ``folder``, with their submodules; not those of an environment below ``folder``."""
    top_level = {name for name in names if "." not in name and _parent_folder(sys.modules[name]) == folder}
    return [name for name in names if name.partition(".")[0] in top_level]


def _parent_folder(module: object) -> Path | None:
    """The folder that holds a top-level module or package."""
    # getattr would import TensorFlow if the module is the placeholder for it.
    attributes = vars(module) if isinstance(module, ModuleType) else {}
    places = [*(attributes.get("__path__") or ()), attributes.get("__file__")]
    return Path(places[0]).parent.resolve() if places[0] else None


def _digest(files: Iterable[Path]) -> str:
    """A hash of the contents of the files; a deleted file counts as empty."""
    contents = (file.read_bytes() if file.is_file() else b"" for file in files)
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


def _error_line(error: BaseException, path: Path | None) -> str:
    """Type, message and place of an exception: ``ZeroDivisionError: division by zero (my_opt.py:3)``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename).name}:{error.lineno})"
    message = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    plugin_frames = [frame for frame in frames if path is not None and frame.filename == str(path)]
    place = (plugin_frames or frames)[-1]
    description = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{description} ({Path(place.filename).name}:{place.lineno})"
