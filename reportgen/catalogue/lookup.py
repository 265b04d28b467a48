"""Names of losses and optimizers, built in or a user's own, and what stands behind them."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen import foreign
from reportgen.catalogue.errors import BrokenPluginError, UnknownNameError, nearest_name, with_suggestion
from reportgen.catalogue.lazy_tensorflow import tensorflow_on_first_use
from reportgen.catalogue.local_plugins import plugins_in_folder
from reportgen.catalogue.plugin import load
from reportgen.catalogue.source_hash import optimizer_name, snake_case
from reportgen.foreign import Unsuitable, suits
from reportgen.loss import Loss, renamed
from reportgen.optimizer import Optimizer

_KERAS = "keras:"


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


def find_loss(ref: str, base: Path, dim: int | None = None, parameters: Mapping[str, Any] | None = None) -> Loss:
    """The loss called ``ref``: built-in, in the folder ``losses`` of ``base``, ``file.py:name`` (relative to ``base``)
    or ``package.module:name``.

    Raises:
        UnknownName: there is no such loss.
        BrokenPlugin: it is there and cannot be used.
        ValueError: it is not defined in ``dim`` coordinates, or has no such parameter.
    """
    given = dict(parameters or {})
    if ":" not in ref:
        return _loss_by_name(ref, base, dim, given)
    declared = _member(ref, "loss", base, lambda _, member: isinstance(member, Loss))
    if not isinstance(declared, Loss):
        raise BrokenPluginError(ref, _not_a_loss(declared))
    try:
        return renamed(declared.at(dim, **given), ref)
    except ValueError:
        raise
    except Exception as error:  # the plug-in's own function of ``dim`` raised
        raise BrokenPluginError(ref, f"{type(error).__name__}: {error} (facts for dim = {dim})") from error


def _loss_by_name(name: str, base: Path, dim: int | None, parameters: dict[str, Any]) -> Loss:
    """A built-in loss, or one in the folder ``losses`` beside the config."""
    known = losses() | {alias: each for each in losses().values() for alias in each.aliases}
    own, broken = plugins_in_folder(base, "loss", _loss_named)
    if name in own and name in known:
        reason = f"{name} is built in, and the name of {own[name]} too: write that one so, or name it otherwise"
        raise UnknownNameError(name, "loss", own[name], reason)
    if name in own:
        return renamed(find_loss(own[name], base, dim, parameters), name)
    if name in known:
        return known[name].at(dim, **parameters)
    raise _no_such(name, "loss", [*known, *own], broken)


def _loss_named(_: ModuleType, __: str, member: Any) -> str | None:
    return member.name if isinstance(member, Loss) else None


def local_losses(base: Path) -> dict[str, str]:
    """References to the losses in the folder ``losses`` of ``base``, by name; broken files have none."""
    return plugins_in_folder(base, "loss", _loss_named)[0]


def find_optimizer(ref: str, base: Path) -> type[Optimizer]:
    """The optimizer class called ``ref``, which is read as in ``find_loss``.

    Raises:
        UnknownName: there is no such optimizer.
        BrokenPlugin: it is there and cannot be used.
    """
    if ":" not in ref:
        return _by_name(ref, base)
    try:
        if ref.startswith(_KERAS):
            return _of_keras(ref)
        member = _member(ref, "optimizer", base, lambda module, each: _defined_in(module, each) or suits(each))
        kind = _adapted(member, ref, base)
    except Unsuitable as error:
        raise BrokenPluginError(ref, str(error)) from error
    problem = _not_an_optimizer(kind)
    if problem:
        raise BrokenPluginError(ref, problem)
    found: type[Optimizer] = kind
    return found


def local_optimizers(base: Path) -> dict[str, str]:
    """References to the optimizers in the folder ``optimizers`` of ``base``, by name; broken files have none."""
    return plugins_in_folder(base, "optimizer", _optimizer_named)[0]


def _by_name(name: str, base: Path) -> type[Optimizer]:
    """A built-in optimizer, or one in the folder ``optimizers`` beside the config."""
    known = optimizers()
    own, broken = plugins_in_folder(base, "optimizer", _optimizer_named)
    if name in own and name in known:
        reason = f"{name} is built in, and the name of {own[name]} too: write that one so, or name it otherwise"
        raise UnknownNameError(name, "optimizer", own[name], reason)
    if name in own:
        return find_optimizer(own[name], base)
    if name in known:
        return known[name]
    raise _no_such(name, "optimizer", [*known, *own], broken)


def _optimizer_named(module: ModuleType, variable: str, member: Any) -> str | None:
    if _defined_in(module, member):
        return optimizer_name(member)
    if suits(member) and member.__module__ == module.__name__:
        return snake_case(member.__name__)
    return variable if foreign.is_instance(member) else None


def _of_keras(ref: str) -> type[Optimizer]:
    name, known = ref.removeprefix(_KERAS), foreign.names()
    if name not in known:
        raise _unknown(ref, "optimizer", name, known, f"keras.optimizers has no {name}; it has {', '.join(known)}")
    return foreign.from_name(name)


def _adapted(member: Any, ref: str, base: Path) -> Any:
    """The declaration of a class or an instance of another contract; anything else as it is."""
    if isinstance(member, type) and issubclass(member, Optimizer):
        return member
    if foreign.is_class(member):
        return _from_keras_class(member)
    if suits(member):
        return _from_class(member)
    return _from_instance(member, load(ref, "optimizer", base).__name__) if foreign.is_instance(member) else member


# One declaration for each, so that it is one class wherever it is asked for.
_from_class = functools.cache(foreign.from_class)
_from_keras_class = functools.cache(foreign.from_keras_class)
_from_instance = functools.cache(foreign.from_instance)


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


def _no_such(name: str, kind: str, known: list[str], broken: Iterable[str] = ()) -> UnknownNameError:
    plural = {"optimizer": "optimizers", "loss": "losses"}[kind]
    reason = f"there is no {kind} {name}"
    if nearest_name(name, known) is None:
        reason += f"; reportgen list {plural} says which there are"
    found = _unknown(name, kind, name, known, reason)
    return UnknownNameError(name, kind, found.nearest, "; ".join([found.reason, *broken]))


def _member(ref: str, kind: str, base: Path, suits: Callable[[ModuleType, Any], bool]) -> Any:
    module = load(ref, kind, base)
    where, _, name = ref.rpartition(":")
    if name not in vars(module):
        offered = [other for other, member in vars(module).items() if suits(module, member)]
        holds = f"; it has {', '.join(offered)}" if offered else ", nor any other"
        raise _unknown(ref, kind, name, offered, f"{where} has no {kind} {name}{holds}")
    return vars(module)[name]


def _unknown(ref: str, kind: str, name: str, known: Iterable[str], reason: str) -> UnknownNameError:
    known = list(known)
    return UnknownNameError(ref, kind, nearest_name(name, known), with_suggestion(reason, name, known))


def _not_a_loss(member: Any) -> str:
    if callable(member) and not isinstance(member, type):
        return "a plain function: declare its facts with @loss(...) from reportgen.loss above it"
    return f"{_article(type(member).__name__)} and no loss: a function under @loss(...) is expected"


def _not_an_optimizer(member: Any) -> str | None:
    if not isinstance(member, type):
        return f"{_article(type(member).__name__)} and no class: a class derived from Optimizer is expected"
    if not issubclass(member, Optimizer):
        return "neither derived from reportgen.optimizer.Optimizer, nor a class with apply_gradients(grads, vars)"
    if issubclass(member, foreign.ForeignOptimizer):
        return None
    if member.step is Optimizer.step:
        return "has no step(self, x, state, problem)"
    fields = [each for each in vars(member).get("__annotations__", {}).values() if "ClassVar" not in str(each)]
    if fields and "__dataclass_params__" not in vars(member):
        return "its hyperparameters are not seen: put @dataclass(frozen=True) above the class"
    without = [item.name for item in dataclasses.fields(member) if item.default is dataclasses.MISSING]
    return f"hyperparameter {without[0]} has no default" if without else None


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
