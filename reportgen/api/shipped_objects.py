"""Turns optimizers and losses that are Python objects into entries of a config, and ships them to worker processes.

Each object becomes a plug-in file that unpickles it, so that everything else works as for the user's own files.
"""

from __future__ import annotations

import dataclasses
import pickle
import shutil
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from reportgen import catalogue, foreign
from reportgen.api.object_digest import object_digest
from reportgen.catalogue import optimizer_name
from reportgen.catalogue.source_hash import snake_case
from reportgen.loss import Loss, loss
from reportgen.optimizer import Optimizer

OptimizerLike = str | Mapping[str, object] | Optimizer | type | Callable[..., object] | object
"""A name, an entry as in a config, or an optimizer: a class or an instance, of reportgen or of another framework."""
LossLike = str | Mapping[str, object] | Loss | Callable[..., object]
"""A name, an entry as in a config, a loss, or a plain function of its coordinates."""

_FILE = '''"""{name}, which reportgen received as an object. Digest of its code: {digest}."""

import pickle
from pathlib import Path

_object = pickle.loads(Path(__file__).with_suffix(".pickle").read_bytes())
{definition}
'''
_CLASS = '''

class {variable}(_object):
    __doc__ = _object.__doc__
    name = "{name}"'''


class ShippedObjects:
    """The objects of one run, as plug-in files in a folder."""

    def __init__(self, base: Path, folder: Path) -> None:
        """Ship objects.

        Args:
            base: the folder that names of files are relative to.
            folder: an empty folder for the files.
        """
        self._base = base
        self._folder = folder
        self._shipped: dict[str, object] = {}

    @property
    def base(self) -> Path:
        """The folder that plug-in files are relative to now."""
        return self._folder if self._shipped else self._base

    def optimizers(self, items: Iterable[OptimizerLike]) -> list[object]:
        """Return the entries of optimizers.

        Raises:
            TypeError: an object is not an optimizer.
            ValueError: two objects have the same name, or an object cannot be pickled.
        """
        return [self._optimizer(item) for item in items]

    def losses(self, items: Iterable[LossLike]) -> list[object]:
        """Return the entries of losses; errors as for ``optimizers``."""
        return [self._loss(item) for item in items]

    def _optimizer(self, item: OptimizerLike) -> object:
        if isinstance(item, str | Mapping):
            return item
        kind = item if isinstance(item, type) else type(item)
        if issubclass(kind, Optimizer):
            name = optimizer_name(kind)
            if catalogue.optimizers().get(name) is not kind:
                definition = _CLASS.format(variable=kind.__name__, name=name)
                self._ship("optimizers", name, kind, definition, catalogue.optimizers())
            return {"name": name} | (_hyperparameters(item) if isinstance(item, Optimizer) else {})
        if foreign.is_instance(item):
            name = f"keras_{kind.__name__.lower()}"
            if any(isinstance(value, types.FunctionType | types.MethodType) for value in vars(item).values()):
                # Keras pickles the configuration of an optimizer, and nothing else about it.
                raise ValueError(f'a method of "{name}" was replaced, which only its class knows; define it in a file')
            return self._ship("optimizers", name, item, f"{name} = _object", catalogue.optimizers())
        if foreign.is_foreign(item) or foreign.is_class(item):
            name = str(getattr(item, "__name__", "optimizer"))
            self._ship(".", snake_case(name), item, f"{name} = _object", {})
            return f"{snake_case(name)}.py:{name}"
        raise TypeError(f"not an optimizer: {item!r}; expected a name, or a class or an instance of an optimizer")

    def _loss(self, item: LossLike) -> object:
        if isinstance(item, str | Mapping):
            return item
        if not isinstance(item, Loss) and (isinstance(item, type) or not callable(item)):
            raise TypeError(f"not a loss: {item!r}; expected a name, a loss or a function")
        declared = item if isinstance(item, Loss) else loss(item)
        built_in = catalogue.built_in_loss(declared.name)
        if built_in is None or built_in.function is not declared.function:
            self._ship("losses", declared.name, declared, f"{declared.name} = _object", catalogue.losses())
        return {"name": declared.name, **declared.settings}

    def _ship(self, folder: str, name: str, item: object, definition: str, built_in: Mapping[str, object]) -> str:
        """Write the plug-in file of an object, and return its name."""
        import cloudpickle  # type: ignore[import-untyped]

        if name in built_in:
            raise ValueError(f'"{name}" is the name of a built-in one; give {item!r} another name')
        if self._shipped.setdefault(f"{folder}/{name}", item) is not item:
            raise ValueError(f'two objects are called "{name}"; give one of them another name')
        path = self._folder / folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.with_suffix(".pickle").write_bytes(cloudpickle.dumps(item))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise ValueError(f'"{name}" cannot be sent to a worker process: {error}; define it in a file') from error
        text = _FILE.format(name=name, digest=object_digest(item), definition=definition)
        path.write_text(text, encoding="utf-8")
        return name

    def link_files(self) -> None:
        """Make the plug-in files of the user available next to the shipped ones."""
        if not self._shipped:
            return
        for pattern in ("*.py", "optimizers/*.py", "losses/*.py"):
            for file in self._base.glob(pattern):
                link = self._folder / file.relative_to(self._base)
                link.parent.mkdir(exist_ok=True)
                if not link.exists():
                    _link(link, file.resolve())


def _link(link: Path, file: Path) -> None:
    try:
        link.symlink_to(file)
    except OSError:  # Windows allows it only to some users
        shutil.copy(file, link)


def _hyperparameters(optimizer: Optimizer) -> dict[str, object]:
    """The values that differ from their defaults; of wrapped optimizers as a table."""
    values: dict[str, object] = {}
    for field in dataclasses.fields(optimizer):
        value: Any = getattr(optimizer, field.name)
        if isinstance(value, Optimizer):
            values[field.name] = {"name": optimizer_name(type(value)), **_hyperparameters(value)}
        elif value != field.default:
            values[field.name] = value
    return values
