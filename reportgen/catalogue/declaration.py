"""What is known of a plug-in outside of its process: facts, and a digest of its code, but not the code itself."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from reportgen import loss_facts
from reportgen.catalogue.errors import BrokenPluginError
from reportgen.foreign import ForeignOptimizer, TorchOptimizer
from reportgen.loss import Loss
from reportgen.optimizer import Hyperparameter, Optimizer, Search, docstring_of, hyperparameters

_FACTS = ("title", "formula", "source", "verified", "note")
_BASES: Mapping[str, type[Optimizer]] = MappingProxyType(
    {"reportgen": Optimizer, "torch": TorchOptimizer, "foreign": ForeignOptimizer}
)


@dataclass(frozen=True)
class PluginCode:
    """Where the code of a plug-in is."""

    source: str
    """Its file or module. Plug-ins of different sources never run in the same process."""
    digest: str
    """The hash of all code that defines it, see ``source_hash``."""
    files: tuple[str, ...] = ()
    """The absolute paths of its file and of those next to it that it imports; empty for a module."""


class AbsentFunction:
    """Stands for the function of a loss outside of its process."""

    def __init__(self, name: str, code: PluginCode) -> None:
        """``name`` is that of the function."""
        self.__name__ = name
        self.code = code

    def __call__(self, *_: object, **__: object) -> Any:
        """Raise TypeError."""
        raise TypeError(f"{self.code.source}: a loss of a plug-in can be evaluated only in a worker process")


def plugin_code(item: Loss | type[Optimizer]) -> PluginCode | None:
    """Return where the code of a plug-in is; None if it is part of this process."""
    if isinstance(item, Loss):
        return item.function.code if isinstance(item.function, AbsentFunction) else None
    return vars(item).get("plugin_code")


@dataclass(frozen=True)
class OptimizerDeclaration:
    """Everything that an optimizer class declares, as plain values."""

    class_name: str
    base: str
    """A key of ``_BASES``."""
    name: str | None
    doc: str
    reference: bool
    facts: tuple[tuple[str, str], ...]
    """Title, formula and the like, by name."""
    hyperparameters: tuple[Hyperparameter, ...]
    default_learning_rate: float | None
    learning_rate_search: Search
    packages: tuple[str, ...]
    evaluates_loss: bool
    code: PluginCode


def declaration_of(ref: str, kind: type[Optimizer], code: PluginCode) -> OptimizerDeclaration:
    """Return the declaration of a class; BrokenPluginError if it contains other values than plain ones.

    Args:
        ref: the optimizer, as in a config.
        kind: its class.
        code: where its code is.
    """
    is_foreign = issubclass(kind, ForeignOptimizer)
    is_torch = issubclass(kind, TorchOptimizer)
    try:
        return OptimizerDeclaration(
            class_name=kind.__name__,
            base="torch" if is_torch else "foreign" if is_foreign else "reportgen",
            name=vars(kind)["name"] if isinstance(vars(kind).get("name"), str) else None,
            doc=loss_facts.text(docstring_of(kind), "docstring"),
            reference=bool(kind.reference),
            facts=tuple((name, loss_facts.text(getattr(kind, name), name)) for name in _FACTS),
            hyperparameters=tuple(map(_plain, hyperparameters(kind).values())),
            default_learning_rate=_rate(kind.default_learning_rate),
            learning_rate_search=_search(kind.learning_rate_search, "learning_rate_search"),
            packages=tuple(kind.packages) if issubclass(kind, ForeignOptimizer) else (),
            evaluates_loss=issubclass(kind, TorchOptimizer) and kind.evaluates_loss,
            code=code,
        )
    except (TypeError, ValueError) as error:
        raise BrokenPluginError(ref, str(error)) from error


def _plain(item: Hyperparameter) -> Hyperparameter:
    """The same hyperparameter with texts, numbers and truth values only."""
    where = f'hyperparameter "{item.name}"'
    return Hyperparameter(
        name=item.name,
        default=_scalar(item.default, f"{where}: default"),
        structural=bool(item.structural),
        low=None if item.low is None else float(item.low),
        high=None if item.high is None else float(item.high),
        choices=tuple(_scalar(choice, f"{where}: choices") for choice in item.choices),
        symbol=loss_facts.text(item.symbol, f"{where}: symbol"),
        doc=loss_facts.text(item.doc, f"{where}: doc"),
        source=loss_facts.text(item.source, f"{where}: source"),
        loose=bool(item.loose),
        wraps=bool(item.wraps),
        search=None if item.search is None else _search(item.search, f"{where}: search"),
    )


def _rate(value: Any) -> float | None:
    plain = _scalar(value, "default_learning_rate")
    if plain is None or (type(plain) in (int, float) and 0 < plain < math.inf):
        return None if plain is None else float(plain)
    raise ValueError(f"default_learning_rate: expected a number above 0, found {value!r:.60}")


def _search(search: Any, where: str) -> Search:
    if not isinstance(search, Search):
        raise ValueError(f"{where}: expected a Search such as Search(1e-8, 1e-2), found {search!r:.60}")
    choices = tuple(_scalar(choice, f"{where}: choices") for choice in search.choices)
    return Search(float(search.low), float(search.high), search.scale, loss_facts.text(search.source, where), choices)


def _scalar(value: Any, where: str) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    if type(plain) in (bool, int, float, str, type(None)):
        return plain
    raise ValueError(f"{where}: expected a number, a string or a truth value, found {value!r:.60}")


@functools.cache
def declared_class(declaration: OptimizerDeclaration) -> type[Optimizer]:
    """Return a class that declares the same, without the code. The same declaration gives the same class."""
    fields: list[tuple[str, Any, Any]] = [
        (each.name, type(each.default), _field(each)) for each in declaration.hyperparameters if each.name != "schedule"
    ]
    base = _BASES[declaration.base]
    facts: dict[str, object] = {**dict(declaration.facts), "reference": declaration.reference}
    facts |= {name: getattr(declaration, name) for name in ("default_learning_rate", "learning_rate_search")}
    facts |= {"__doc__": declaration.doc, "plugin_code": declaration.code}
    if declaration.name is not None:
        facts["name"] = declaration.name
    if issubclass(base, ForeignOptimizer):
        facts["packages"] = declaration.packages
    if issubclass(base, TorchOptimizer):
        facts["evaluates_loss"] = declaration.evaluates_loss
    return dataclasses.make_dataclass(declaration.class_name, fields, bases=(base,), frozen=True, namespace=facts)


def _field(item: Hyperparameter) -> Any:
    metadata = {name: value for name, value in vars(item).items() if name not in ("name", "default")}
    return dataclasses.field(default=item.default, metadata=metadata)


def without_function(loss: Loss, code: PluginCode) -> Loss:
    """Return the same loss with all its facts, but without its function."""
    return dataclasses.replace(loss, function=AbsentFunction(loss.function.__name__, code), facts=None)
