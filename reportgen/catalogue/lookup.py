"""Names of losses and optimizers, built in or a user's own, and what stands behind them."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from reportgen.catalogue.errors import BrokenPlugin, UnknownName, and_nearest, nearest
from reportgen.catalogue.plugin import load
from reportgen.catalogue.source import optimizer_name
from reportgen.catalogue.stand_in import tensorflow_on_first_use
from reportgen.loss import Loss, renamed
from reportgen.optimizer import Optimizer

Found = TypeVar("Found")


@functools.cache
def losses() -> dict[str, Loss]:
    """The built-in losses by name, in the order of their files and, within one, of their definition."""
    members = _members_of_package("reportgen.losses")
    return {member.name: member for _, member in members if isinstance(member, Loss)}


@functools.cache
def optimizers() -> dict[str, type[Optimizer]]:
    """The built-in optimizer classes by name, ordered as the losses are."""
    members = _members_of_package("reportgen.optimizers")
    return {optimizer_name(member): member for module, member in members if _defined_in(module, member)}


def find_loss(ref: str, base: Path, dim: int | None = None) -> Loss:
    """The loss called ``ref``: built-in, ``file.py:name`` (relative to ``base``) or ``package.module:name``.

    Raises:
        UnknownName: there is no such loss.
        BrokenPlugin: it is there and cannot be used.
        ValueError: it is not defined in ``dim`` coordinates.
    """
    if ":" not in ref:
        return _built_in(ref, "loss", losses()).at(dim)
    declared = _member(ref, "loss", base, lambda _, member: isinstance(member, Loss))
    if not isinstance(declared, Loss):
        raise BrokenPlugin(ref, _not_a_loss(declared))
    try:
        return renamed(declared.at(dim), ref)
    except ValueError:
        raise
    except Exception as error:  # the plug-in's own function of ``dim`` raised
        raise BrokenPlugin(ref, f"{type(error).__name__}: {error} (facts for dim = {dim})") from error


def find_optimizer(ref: str, base: Path) -> type[Optimizer]:
    """The optimizer class called ``ref``, which is read as in ``find_loss``.

    Raises:
        UnknownName: there is no such optimizer.
        BrokenPlugin: it is there and cannot be used.
    """
    if ":" not in ref:
        return _built_in(ref, "optimizer", optimizers())
    kind = _member(ref, "optimizer", base, _defined_in)
    problem = _not_an_optimizer(kind)
    if problem:
        raise BrokenPlugin(ref, problem)
    found: type[Optimizer] = kind
    return found


def _members_of_package(package: str) -> Iterator[tuple[ModuleType, Any]]:
    names = sorted(item.name for item in pkgutil.iter_modules(importlib.import_module(package).__path__))
    for name in names:
        with tensorflow_on_first_use():
            module = importlib.import_module(f"{package}.{name}")
        yield from ((module, member) for member in vars(module).values())


def _defined_in(module: ModuleType, member: Any) -> bool:
    return (
        isinstance(member, type)
        and issubclass(member, Optimizer)
        and member.__module__ == module.__name__
        and member.step is not Optimizer.step
    )


def _built_in(ref: str, kind: str, known: dict[str, Found]) -> Found:
    if ref not in known:
        raise _unknown(ref, kind, ref, known, f"there is no {kind} {ref}; there are {', '.join(known)}")
    return known[ref]


def _member(ref: str, kind: str, base: Path, suits: Callable[[ModuleType, Any], bool]) -> Any:
    module = load(ref, kind, base)
    where, _, name = ref.rpartition(":")
    if name not in vars(module):
        offered = [other for other, member in vars(module).items() if suits(module, member)]
        holds = f"; it has {', '.join(offered)}" if offered else ", nor any other"
        raise _unknown(ref, kind, name, offered, f"{where} has no {kind} {name}{holds}")
    return vars(module)[name]


def _unknown(ref: str, kind: str, name: str, known: Iterable[str], reason: str) -> UnknownName:
    known = list(known)
    return UnknownName(ref, kind, nearest(name, known), and_nearest(reason, name, known))


def _not_a_loss(member: Any) -> str:
    if callable(member) and not isinstance(member, type):
        return "a plain function: declare its facts with @loss(...) from reportgen.loss above it"
    return f"{_article(type(member).__name__)} and no loss: a function under @loss(...) is expected"


def _not_an_optimizer(member: Any) -> str | None:
    if not isinstance(member, type):
        return f"{_article(type(member).__name__)} and no class: a class derived from Optimizer is expected"
    if not issubclass(member, Optimizer):
        return "not derived from reportgen.optimizer.Optimizer"
    if member.step is Optimizer.step:
        return "has no step(self, x, state, problem)"
    fields = [each for each in vars(member).get("__annotations__", {}).values() if "ClassVar" not in str(each)]
    if fields and "__dataclass_params__" not in vars(member):
        return "its hyperparameters are not seen: put @dataclass(frozen=True) above the class"
    without = [item.name for item in dataclasses.fields(member) if item.default is dataclasses.MISSING]
    return f"hyperparameter {without[0]} has no default" if without else None


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
