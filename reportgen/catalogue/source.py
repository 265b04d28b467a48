"""The name of an optimizer class, and the fingerprint of the source that defines a loss or an optimizer."""

from __future__ import annotations

import hashlib
import inspect
import re
from pathlib import Path

from reportgen.catalogue.plugin import Plugin, plugins
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def optimizer_name(kind: type[Optimizer]) -> str:
    """The class's name in snake case (``GradientDescent``: ``gradient_descent``), or its own ``name``."""
    own = vars(kind).get("name")
    return own if isinstance(own, str) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def source_hash(thing: Loss | type[Optimizer]) -> str:
    """The SHA-256, in hexadecimal, of the file that defines it, and of the files beside a plug-in that it imports.

    An optimizer that derives from another one depends on that one's file too; other imports are not followed.
    """
    plugin = _plugin(thing)
    files = dict.fromkeys([*_defining_files(thing, plugin), *(map(str, plugin.files) if plugin else ())])
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()


def _plugin(thing: Loss | type[Optimizer]) -> Plugin | None:
    """The plug-in file through which it was found."""
    wanted = _identity(thing)
    holding = (each for each in plugins() if any(_identity(it) is wanted for it in vars(each.module).values()))
    return next(holding, None)


def _identity(member: object) -> object:
    """What stays the same where a loss is renamed, or taken in another dimension."""
    return member.function if isinstance(member, Loss) else member


def _defining_files(thing: Loss | type[Optimizer], plugin: Plugin | None) -> list[str]:
    if isinstance(thing, Loss):
        return [inspect.getfile(inspect.unwrap(thing.function))]
    kinds = (kind for kind in thing.__mro__ if issubclass(kind, Optimizer) and kind is not Optimizer)
    # The neighbours of a plug-in are no longer known to ``inspect``.
    neighbours = plugin.neighbours if plugin else {}
    origin = [plugin.module.__file__] if plugin and plugin.module.__file__ else []
    return [*(inspect.getfile(kind) for kind in kinds if kind.__module__ not in neighbours), *origin]
