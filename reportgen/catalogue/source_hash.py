"""The name of an optimizer class, and the hash of the source that defines a loss or an optimizer."""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from reportgen.catalogue.declaration import plugin_code
from reportgen.catalogue.plugin import Plugin, plugins
from reportgen.foreign import ForeignOptimizer, own_classes
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def optimizer_name(kind: type[Optimizer]) -> str:
    """Return the class name in snake case (``GradientDescent``: ``gradient_descent``), or its attribute ``name``."""
    name = vars(kind).get("name")
    return name if isinstance(name, str) else snake_case(kind.__name__)


def snake_case(name: str) -> str:
    """Return ``GradientDescent`` as ``gradient_descent``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def source_hash(item: Loss | type[Optimizer]) -> str:
    """Return the SHA-256, in hexadecimal, of the files that define a loss or an optimizer.

    These are its own file, the files next to a plug-in that the plug-in imports, the files of the base classes of an
    optimizer, and the versions of the packages of another framework. Other imports are not followed.
    """
    if code := plugin_code(item):
        return code.digest
    plugin = _find_plugin(item)
    files = dict.fromkeys([*_defining_files(item, plugin), *(map(str, plugin.files) if plugin else ())])
    contents = [Path(file).read_bytes() for file in files]
    if isinstance(item, type) and issubclass(item, ForeignOptimizer):
        contents += [metadata.version(package).encode() for package in item.packages]
    return hashlib.sha256(b"".join(contents)).hexdigest()


def plugin_files(item: Loss | type[Optimizer]) -> tuple[str, ...]:
    """Return the absolute paths of the file of a plug-in and of the files next to it that it imports."""
    plugin = _find_plugin(item)
    if plugin is None or plugin.module.__file__ is None:
        return ()
    return (plugin.module.__file__, *map(str, plugin.files))


def _find_plugin(item: Loss | type[Optimizer]) -> Plugin | None:
    """The imported plug-in file with ``item`` as a member."""
    identity = _identity(item)
    for plugin in plugins():
        if any(_identity(member) is identity for member in vars(plugin.module).values()):
            return plugin
    return None


def _identity(member: object) -> object:
    """The object that stays the same if a loss is renamed or resolved again, or a foreign class is declared."""
    if isinstance(member, type) and issubclass(member, ForeignOptimizer):
        return member.target
    return member.function if isinstance(member, Loss) else member


def _defining_files(item: Loss | type[Optimizer], plugin: Plugin | None) -> list[str]:
    origin = [plugin.module.__file__] if plugin and plugin.module.__file__ else []
    if isinstance(item, Loss):
        function = inspect.unwrap(item.function)
        # A function that was shipped as an object has no file. Its plug-in file has a digest of its code.
        is_shipped = _was_shipped(function) or not Path(inspect.getfile(function)).is_file()
        return origin if is_shipped else _files_of_function(function)
    if issubclass(item, ForeignOptimizer):
        target = item.target if isinstance(item.target, type) else type(item.target)
        kinds = [] if isinstance(item.target, str) else [item, *own_classes(target)]
    else:
        kinds = [kind for kind in item.__mro__ if issubclass(kind, Optimizer) and kind is not Optimizer]
    # ``inspect`` cannot find the neighbours of a plug-in, which are no longer in sys.modules.
    neighbours = plugin.neighbours if plugin else {}
    found = [kind for kind in kinds if kind.__module__ not in neighbours and not _was_shipped(kind)]
    return [*map(inspect.getfile, found), *origin]


def _was_shipped(item: type | Callable[..., object]) -> bool:
    """Whether an object came with its code from the main module, as in a notebook, or from one that is not loaded."""
    return item.__module__ in ("__main__", "__mp_main__") or item.__module__ not in sys.modules


def _files_of_function(function: Callable[..., object]) -> list[str]:
    """The file of a loss, and the files of the functions that it imports from other built-in losses."""
    own_file = inspect.getfile(function)
    members = vars(inspect.getmodule(function) or object).values()
    imported = (m for m in members if inspect.isfunction(m) and m.__module__.startswith("reportgen.builtin_losses."))
    return [own_file, *sorted({inspect.getfile(member) for member in imported} - {own_file})]
