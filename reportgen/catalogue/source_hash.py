"""The name of an optimizer class, and the fingerprint of the source that defines a loss or an optimizer."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from reportgen.catalogue.plugin import Plugin, plugins
from reportgen.foreign import ForeignOptimizer, KerasOptimizer, own_classes
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def optimizer_name(kind: type[Optimizer]) -> str:
    """The class's name in snake case (``GradientDescent``: ``gradient_descent``), or its own ``name``."""
    own = vars(kind).get("name")
    return own if isinstance(own, str) else snake_case(kind.__name__)


def snake_case(name: str) -> str:
    """``GradientDescent`` as ``gradient_descent``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def source_hash(thing: Loss | type[Optimizer]) -> str:
    """The SHA-256, in hexadecimal, of the file that defines it, and of the files beside a plug-in that it imports.

    An optimizer that derives from another one depends on that one's file too; other imports are not followed.
    """
    plugin = _plugin(thing)
    files = dict.fromkeys([*_defining_files(thing, plugin), *(map(str, plugin.files) if plugin else ())])
    contents = [Path(file).read_bytes() for file in files]
    if isinstance(thing, type) and issubclass(thing, KerasOptimizer):
        contents.append(metadata.version("keras").encode())
    return hashlib.sha256(b"".join(contents)).hexdigest()


def _plugin(thing: Loss | type[Optimizer]) -> Plugin | None:
    """The plug-in file through which it was found."""
    wanted = _identity(thing)
    holding = (each for each in plugins() if any(_identity(it) is wanted for it in vars(each.module).values()))
    return next(holding, None)


def _identity(member: object) -> object:
    """What stays the same where a loss is renamed or taken in another dimension, and what a declaration declares."""
    if isinstance(member, type) and issubclass(member, ForeignOptimizer):
        return member.target
    return member.function if isinstance(member, Loss) else member


def _defining_files(thing: Loss | type[Optimizer], plugin: Plugin | None) -> list[str]:
    if isinstance(thing, Loss):
        return _files_of_function(inspect.unwrap(thing.function))
    if issubclass(thing, ForeignOptimizer):
        target = thing.target if isinstance(thing.target, type) else type(thing.target)
        kinds = [] if isinstance(thing.target, str) else [thing, *own_classes(target)]
    else:
        kinds = [kind for kind in thing.__mro__ if issubclass(kind, Optimizer) and kind is not Optimizer]
    # The neighbours of a plug-in are no longer known to ``inspect``.
    neighbours = plugin.neighbours if plugin else {}
    origin = [plugin.module.__file__] if plugin and plugin.module.__file__ else []
    return [*(inspect.getfile(kind) for kind in kinds if kind.__module__ not in neighbours), *origin]


def _files_of_function(function: Callable[..., object]) -> list[str]:
    """The file of a loss, and those of the functions that it imports from other built-in losses' files."""
    own = inspect.getfile(function)
    members = vars(inspect.getmodule(function) or object).values()
    used = (each for each in members if inspect.isfunction(each) and each.__module__.startswith("reportgen.losses."))
    return [own, *sorted({inspect.getfile(each) for each in used} - {own})]
